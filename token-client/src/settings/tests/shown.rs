//! What `config` shows of settings, and what nobody is shown.

use super::{api, app, read};

#[test]
fn entries_are_shown_under_their_documented_names() {
    let text =
        app(r#""ClientCredentials": [{"sourcetype": "path", "CERTIFICATEDISKPATH": "a", "skip": "TRUE", "x": "y"}]"#);
    let shown = serde_json::to_value(read(&text).application.shown(&crate::sources::registry())).unwrap();
    assert_eq!(
        shown["ClientCredentials"][0],
        serde_json::json!({"SourceType": "Path", "CertificateDiskPath": "a", "Skip": true, "x": "***"})
    );
}

#[test]
fn no_secret_is_shown() {
    let text = app(r#""ClientCredentials": [{"SourceType": "ClientSecret", "ClientSecret": "hunter2"},
            {"SourceType": "Path", "CertificatePassword": "hunter2", "CertificateDiskPath": "a.pfx"},
            {"SourceType": "hunter", "ClientSecrets": {"a": "hunter2"}}], "ClientSecret": "hunter2""#);
    let configuration = read(&text);
    let shown = serde_json::to_string(&configuration.application.shown(&crate::sources::registry())).unwrap();
    assert!(shown.contains(r#""ClientSecret":"***""#) && shown.contains("a.pfx"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let debug = format!("{configuration:?} {:?}", configuration.tree.leaves("AzureAd"));
    assert!(!debug.contains("hunter2"), "{debug}");

    let api = read(&api(r#""Anonymous": true, "ExtraHeaderParameters": {"X-Api-Key": "hunter2", "X-A": "b"}"#));
    let shown = serde_json::to_string(&api.downstream("Api").unwrap().shown()).unwrap();
    assert!(shown.contains(r#""X-A":"***","X-Api-Key":"***""#), "{shown}");
    assert!(!format!("{api:?}").contains("hunter2"));
}
