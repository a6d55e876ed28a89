//! `demo`, `schema`, `sources`, `completions`.

use serde_json::{Value, json};

use crate::program::{Program, assert_shape};

#[test]
fn demo_walks_the_whole_road() {
    let ran = Program::new("demo").run(&["demo"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let order = [
        "SignedAssertionFilePath",
        "CN=demo-expired",
        "ClientSecret",
        "accepted",
        "api://demo/.default",
        "app1",
        "cache",
    ];
    let places: Vec<Option<usize>> = order.iter().map(|part| ran.stdout.find(part)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} in {ran:?}");
}

#[test]
fn sources_are_listed_with_their_settings() {
    let program = Program::new("sources");
    let ran = program.run(&["sources", "--json"]);
    let setting = json!({"name": "", "required": true, "secret": true, "about": "", "default?": "", "one_of?": [""]});
    let source = json!({"source_type": "", "available": true, "feature?": "", "crate?": "", "about?": "", "settings": [setting]});
    assert_shape(&ran.json(), &json!({"sources": [source]}), "sources");
    let all = ran.json()["sources"].as_array().unwrap().clone();
    let of = |name: &str| all.iter().find(|one| one["source_type"] == name).unwrap_or(&Value::Null).clone();
    let secret = of("ClientSecret");
    assert_eq!(
        (&secret["available"], &secret["feature"], &secret["crate"]),
        (&json!(true), &json!("secret"), &json!("credential-secret"))
    );
    assert!(
        secret["settings"].as_array().unwrap().iter().any(|one| one["name"] == "ClientSecret" && one["secret"] == true)
    );
    assert_eq!(of("SignedAssertionFromManagedIdentity")["available"], true);
    assert_eq!(of("ManagedCertificate")["available"], false);
    let vault = of("KeyVault");
    let setting = |name: &str| vault["settings"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(setting("PollInterval")["default"], "43200");
    assert_eq!(setting("Credential")["one_of"][3], "AzureCli");
    let text = program.run(&["sources"]);
    assert!(text.status == 0, "{text:?}");
    for part in ["CertificateDiskPath", "(default: 43200)", "(one of: Environment, WorkloadIdentity, "] {
        assert!(text.stdout.contains(part), "{part}: {text:?}");
    }
}

#[test]
fn the_schema_names_the_sections() {
    let ran = Program::new("schema").run(&["schema", "--section", "AzureAd", "--section", "Other"]);
    let schema = ran.json();
    assert_eq!(ran.status, 0);
    assert!(schema["properties"]["AzureAd"].is_object() && schema["properties"]["Other"].is_object(), "{ran:?}");
    assert!(ran.stdout.contains("CertificateDiskPath"));
}

#[test]
fn completions_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = Program::new(&format!("completions-{shell}")).run(&["completions", shell]);
        assert!(ran.status == 0 && ran.stdout.contains("token-client") && ran.stderr.is_empty(), "{shell}: {ran:?}");
    }
}
