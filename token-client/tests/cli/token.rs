//! `token`.

use serde_json::{Value, json};

use crate::program::{
    Program, SECRET, assert_shape, credential, credentials, emulator, finding, is_time, settings, token,
};

const SCOPE: [&str; 3] = ["token", "--scope", "api://demo/.default"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    SCOPE.iter().chain(more).copied().collect()
}

fn claims(token: &str) -> Value {
    use base64::Engine;
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stdout_is_the_token_alone() {
    let emulator = emulator(None).await;
    let program = Program::with("token", &settings(&emulator, &credentials()));
    let ran = program.run(&with(&[]));
    assert_eq!(ran.status, 0, "{ran:?}");
    let one = ran.stdout.strip_suffix('\n').unwrap();
    assert!(one.starts_with("ey") && !one.contains(char::is_whitespace), "{ran:?}");
    assert_eq!(claims(one)["aud"], "api://demo");
    assert!(ran.stderr.contains("SignedAssertionFilePath") && !ran.stderr.contains("eyJ"), "{ran:?}");

    let header = program.run(&with(&["--print", "header"]));
    assert!(header.stdout.starts_with("Bearer ey") && header.stdout.trim_end().split(' ').count() == 2, "{header:?}");

    let tenant = program.run(&with(&["--tenant", "other.example"]));
    assert_eq!(claims(tenant.stdout.trim())["tid"], emulator.tenant_id("other.example").unwrap());

    let repeated = program.run(&with(&["--repeat", "3"]));
    assert_eq!(repeated.stdout.lines().count(), 1);
    assert_eq!(repeated.stderr.matches("cache").count(), 2, "{repeated:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_has_the_keys_of_the_contract() {
    let emulator = emulator(None).await;
    let program = Program::with("token-json", &settings(&emulator, &credentials()));
    let ran = program.run(&with(&["--json", "--repeat", "2"]));
    let object = ran.json();
    let mut expected = token();
    expected["ok"] = json!(true);
    expected["access_token"] = json!("");
    expected["requests"] = json!(1);
    expected["runs"] = json!([{"ok": true, "from": "", "expires_on": "", "duration_ns": 1}]);
    assert_shape(&object, &expected, "token");
    assert_eq!((ran.status, &object["from"], &object["requests"]), (0, &json!("cache"), &json!(1)), "{ran:?}");
    assert_eq!(object["runs"][0]["from"], "authority");
    assert!(is_time(&object["expires_on"]), "{object}");
    assert_eq!((&object["tenant"], &object["credential"]["index"]), (&json!("contoso.example"), &json!(1)));

    let anew = program.run(&with(&["--json", "--repeat", "3", "--force-refresh"])).json();
    assert_eq!((&anew["requests"], &anew["from"]), (&json!(3), &json!("authority")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_say_what_was_tried() {
    let emulator = emulator(None).await;
    let program = Program::with("token-fails", &settings(&emulator, &credentials()));
    let expected = json!({"ok": false, "findings": [finding()], "attempts": [credential()], "requests": 0});
    let ran = program.run(&with(&["--json", "--only", "0"]));
    assert_shape(&ran.json(), &expected, "token");
    assert_eq!((ran.status, &ran.json()["attempts"][0]["kind"]), (1, &json!("not-applicable")));
    let only = program.run(&with(&["--json", "--only", "1"])).json();
    assert_eq!((&only["ok"], only["attempts"].as_array().unwrap().len()), (&json!(true), 1));
    for arguments in [vec!["--only", "7"], vec!["--set", "AzureAd:ClientCredentials:1:ClientSecret=nope-s3cret"]] {
        let ran = program.run(&with(&[&["--json"], arguments.as_slice()].concat()));
        assert_shape(&ran.json(), &expected, "token");
        assert_eq!(ran.status, 1, "{ran:?}");
        let text = program.run(&with(&arguments));
        assert_eq!((text.status, text.stdout.as_str()), (1, ""), "nothing but a token goes to stdout");
        assert!(!text.stderr.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_scope_comes_from_the_only_section_that_has_one() {
    let emulator = emulator(None).await;
    let program = Program::with("token-scope", &settings(&emulator, &credentials()));
    let several = program.run(&["token", "--json"]);
    assert_eq!((several.status, &several.json()["findings"][0]["code"]), (1, &json!("no-scope")), "{several:?}");
    let mut settings: Value = serde_json::from_str(&settings(&emulator, &credentials())).unwrap();
    settings.as_object_mut().unwrap().remove("Me");
    program.write("appsettings.json", settings.to_string());
    assert_eq!(program.run(&["token"]).status, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_and_claims() {
    let emulator = emulator(None).await;
    let program = Program::with("token-user", &settings(&emulator, &credentials()));
    let incoming = emulator.mint_user_token("ada@contoso.example", "app1", "access_as_user").unwrap();
    program.write("user.jwt", format!("{incoming}\n"));
    let ran = program.run(&["token", "--scope", "api://demo/access_as_user", "--user-assertion", "@user.jwt"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(claims(ran.stdout.trim())["preferred_username"], "ada@contoso.example");
    let asked = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
    assert_eq!(program.run(&with(&["--claims", asked])).status, 0);
    assert_eq!(emulator.token_requests().last().unwrap().form("claims"), Some(asked));
}

#[test]
fn wrong_usage_is_status_2() {
    let program = Program::with("token-usage", "{}");
    for arguments in [
        vec!["tokn"],
        vec!["token", "--frobnicate"],
        vec!["token", "--repeat", "0"],
        vec!["token", "--print", "everything"],
        vec!["token", "--set", "AzureAd:TenantId"],
        vec!["token", "--user-assertion", SECRET],
        vec!["token", "--user-assertion", "@none.jwt"],
        vec!["call"],
        vec!["completions", "cmd.exe"],
    ] {
        let ran = program.run(&arguments);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains("error:") && !ran.stderr.contains(SECRET), "{ran:?}");
    }
    for arguments in [vec!["--help"], vec!["token", "--help"], vec!["--version"]] {
        assert_eq!(program.run(&arguments).status, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_none_for_a_section_of_the_application() {
    let emulator = emulator(None).await;
    let mut settings: Value = serde_json::from_str(&settings(&emulator, &credentials())).unwrap();
    settings.as_object_mut().unwrap().remove("Me");
    let program = Program::with("token-caller", &settings.to_string());
    program.write("user.jwt", emulator.mint_user_token("ada@contoso.example", "app1", "access_as_user").unwrap());
    let refused = program.run(&["token", "--json", "--user-assertion", "@user.jwt"]);
    let one = &refused.json()["findings"][0];
    assert_eq!((refused.status, &one["code"]), (1, &json!("caller-conflict")), "{refused:?}");
    assert_eq!(one["path"], "Hello:RequestAppToken");
    assert!(emulator.requests().is_empty());
    // The scope alone says nothing of a caller: without a user it is the application.
    assert_eq!(program.run(&["token"]).status, 0);
    assert!(program.run(&["token", "--help"]).stdout.contains("the application's own token"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_of_ones_own_is_asked_for_its_metadata() {
    let emulator = emulator(None).await;
    let settings = |authority: &str| {
        json!({"AzureAd": {
            "Authority": authority, "ClientId": "app1",
            "ClientCredentials": [{"SourceType": "ClientSecret", "ClientSecret": SECRET}],
        }})
        .to_string()
    };
    let instance = emulator.instance().trim_end_matches('/').to_owned();
    let scope = ["token", "--json", "--scope", "api://demo/.default"];
    let id = emulator.tenant_id("contoso.example").unwrap();
    for (name, path, endpoint) in [
        ("token-own", "contoso.example", "/contoso.example/connect/token"),
        ("token-own-v2", "contoso.example/v2.0", &format!("/{id}/oauth2/v2.0/token")),
    ] {
        let ran = Program::with(name, &settings(&format!("{instance}/{path}"))).run(&scope);
        assert_eq!(ran.status, 0, "{ran:?}");
        assert_eq!(emulator.requests().last().map(|request| request.path.clone()).as_deref(), Some(endpoint));
    }
    let own = format!("{instance}/nobody.example");
    let ran = Program::with("token-own-none", &settings(&own)).run(&scope);
    let finding = &ran.json()["findings"][0];
    assert_eq!((ran.status, &finding["code"]), (1, &json!("metadata-invalid")), "{ran:?}");
    for version in ["", "/v2.0"] {
        let place = format!("{own}{version}/.well-known/openid-configuration");
        assert!(finding["message"].as_str().unwrap().contains(&place), "{finding}");
    }
    assert_eq!((&finding["path"], &finding["origin"]["line"]), (&json!("AzureAd:Authority"), &json!(1)));
}

#[test]
fn a_list_with_nothing_to_try_says_so_everywhere() {
    let skipped = json!({"SourceType": "ClientSecret", "ClientSecret": "s", "Skip": true});
    for (name, list, code, severity, path) in [
        ("token-none", json!([]), "no-credentials", "warning", None),
        (
            "token-skipped",
            json!([skipped, skipped]),
            "all-credentials-skipped",
            "error",
            Some("AzureAd:ClientCredentials:0:Skip"),
        ),
    ] {
        let settings = json!({"AzureAd": {
            "Instance": "https://login.microsoftonline.com/", "TenantId": "t.example", "ClientId": "8c2b7a54-53c6-4d0e-8f0e-1c7a9b3d5e6f",
            "ClientCredentials": list,
        }});
        let program = Program::with(name, &settings.to_string());
        let shown = program.run(&["config", "--json"]).json();
        assert_eq!(
            (&shown["findings"][0]["code"], &shown["findings"][0]["severity"]),
            (&json!(code), &json!(severity))
        );
        let doctor = program.run(&["doctor", "--json"]).json();
        assert_eq!((&doctor["ok"], &doctor["findings"][0]["code"]), (&json!(false), &json!(code)), "{doctor}");
        let statuses: Vec<&Value> =
            doctor["credentials"].as_array().unwrap().iter().map(|entry| &entry["status"]).collect();
        assert_eq!(statuses, vec![&json!("skipped"); list.as_array().unwrap().len()]);
        let failed = program.run(&["token", "--scope", "api://a/.default", "--json"]).json();
        let found = &failed["findings"];
        assert_eq!(found.as_array().unwrap().len(), 1, "{failed}");
        assert_eq!((&found[0]["code"], &found[0]["severity"]), (&json!(code), &json!("error")), "{failed}");
        assert_eq!(found[0].get("path").and_then(Value::as_str), path);
        assert!(found[0]["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()));
    }
}
