//! `config`.

use serde_json::{Value, json};

use crate::program::{Program, SECRET, assert_shape, credentials, emulator, finding, settings};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shows_values_origins_and_endpoints() {
    let emulator = emulator(None).await;
    let program =
        Program::with("config", &settings(&emulator, &credentials())).variable("AzureAd__Domain", "contoso.example");
    let ran = program.run(&["config", "--json", "--set", "AzureAd:AzureRegion=westeurope"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let shown = ran.json();
    let endpoints =
        json!({"authority": "", "token": "", "authorize": "", "assertion_audience": "", "instance_discovery": true});
    let expected = json!({"ok": true, "application": {}, "downstream": {"Hello": {}, "Me": {}}, "origins": {},
                          "endpoints": endpoints, "findings": [finding()]});
    assert_shape(&shown, &expected, "config");
    assert_eq!(shown["ok"], true);
    assert_eq!(shown["application"]["ClientCredentials"][1]["ClientSecret"], "***");
    assert_eq!(shown["endpoints"]["token"], emulator.token_endpoint());
    let origins = &shown["origins"];
    assert_eq!(origins["AzureAd:Domain"], json!({"env": "AzureAd__Domain"}));
    assert_eq!(origins["AzureAd:AzureRegion"], json!({"argument": "--set"}));
    let secret = &origins["AzureAd:ClientCredentials:1:ClientSecret"];
    assert_eq!(secret["file"], "appsettings.json");
    assert!(secret["line"].is_u64() && secret["column"].is_u64(), "{secret}");
    assert!(emulator.requests().is_empty(), "config does no I/O but the files");
    let text = program.run(&["config"]);
    assert_eq!(text.status, 0);
    assert!(text.stdout.contains("TenantId") && text.stdout.contains("appsettings.json:"), "{text:?}");
    assert!(!text.text().contains(SECRET));
}

#[test]
fn sections_environments_and_files_are_chosen() {
    let program = Program::new("config-where");
    program.write("my.json", r#"{"Auth": {"Web": {"ClientId": "app1", "Instance": "https://login.microsoftonline.com/", "TenantId": "t.example"}}}"#);
    program.write("my.Staging.json", r#"{"Auth": {"Web": {"ClientId": "staged"}}}"#);
    let place = ["config", "--json", "--config", "my.json", "--section", "Auth:Web", "--environment", "Staging"];
    let shown = program.run(&place).json();
    assert_eq!(shown["application"]["ClientId"], "staged");
    assert_eq!(shown["origins"]["Auth:Web:ClientId"]["file"], "my.Staging.json");
    for (variable, expected) in
        [("DOTNET_ENVIRONMENT", "staged"), ("ASPNETCORE_ENVIRONMENT", "staged"), ("OTHER", "app1")]
    {
        let program = Program::new(&format!("config-{variable}")).variable(variable, "Staging");
        program.write("appsettings.json", r#"{"AzureAd": {"ClientId": "app1"}}"#);
        program.write("appsettings.Staging.json", r#"{"AzureAd": {"ClientId": "staged"}}"#);
        assert_eq!(program.run(&["config", "--json"]).json()["application"]["ClientId"], expected, "{variable}");
    }
}

#[test]
fn providers_of_other_programs_are_no_error() {
    let program = Program::with(
        "config-provider",
        r#"{"AzureAd": {"Instance": "https://login.microsoftonline.com/", "TenantId": "t.example", "ClientId": "app1",
            "ClientCredentials": [{"SourceType": "CustomSignedAssertion", "CustomSignedAssertionProviderName": "Mine"}]}}"#,
    );
    let ran = program.run(&["config", "--json"]);
    assert_eq!((ran.status, &ran.json()["ok"]), (0, &json!(true)), "{ran:?}");
    let doctor = program.run(&["doctor", "--offline", "--json"]).json();
    let entry = &doctor["credentials"][0];
    assert_eq!(
        (&entry["kind"], &entry["findings"][0]["code"]),
        (&json!("not-applicable"), &json!("provider-elsewhere"))
    );
}

#[test]
fn what_is_no_declared_setting_is_not_shown() {
    // Each value that may not be seen has this word in it.
    let settings = r#"{
        "AzureAd": {
            "Instance": "https://user:hunter2@login.microsoftonline.com/", "TenantId": "t.example", "ClientId": "app1",
            "Value": "hunter2", "Authorty": "hunter2", "Whole": {"Thing": "hunter2"}, "ClientSecrt": "hunter2",
            "ExtraQueryParameters": {"code": "hunter2"},
            "TokenValidationParameters": {"IssuerSigningKey": "hunter2"},
            "ClientCredentials": [
                {"SourceType": "Base64", "Base64": "hunter2", "Base64EncodedValue": "hunter2", "Value": "hunter2"},
                {"SourceType": "ClientSecret", "ClientSecre": "hunter2", "Sekret": {"Inner": "hunter2"}},
                {"SourceType": "Path", "CertificateDiskPath": "shown.pfx", "CertificatePasword": "hunter2"},
                {"SourceType": "CustomSignedAssertion", "CustomSignedAssertionProviderName": "Mine",
                 "CustomSignedAssertionProviderData": {"Endpoint": "hunter2"}},
                {"SourceType": "KeyVault", "KeyVaultUrl": "https://user:hunter2@v.vault.azure.net/", "KeyVaultCertificateName": "shown"}
            ]
        },
        "Api": {
            "BaseUrl": "https://user:hunter2@shown.example/?code=hunter2", "RelativePath": "shown?sig=hunter2",
            "Scopes": ["api://shown/.default"], "RequestAppToken": true, "Unknown": "hunter2",
            "ExtraHeaderParameters": {"X-Name": "hunter2"}, "ExtraQueryParameters": {"sig": "hunter2"},
            "AcquireTokenOptions": {"ExtraParameters": {"a": "hunter2"}, "LongRunningWebApiSessionKey": "hunter2",
                                    "Other": "hunter2", "ExtraQueryParameters": {"dc": "hunter2"}}
        }
    }"#;
    let program = Program::with("config-masked", settings);
    for arguments in [&["config"][..], &["config", "--json"]] {
        let ran = program.run(arguments);
        let text = ran.text();
        assert!(!text.contains("hunter2"), "{text}");
        for shown in
            ["app1", "shown.pfx", "https://***@shown.example/?code=***", "shown?sig=***", "api://shown/.default"]
        {
            assert!(text.contains(shown), "{shown} is missing in {text}");
        }
    }
    let json = program.run(&["config", "--json"]).json();
    assert_eq!(json["application"]["ExtraQueryParameters"], json!({"code": "***"}));
    assert_eq!(json["downstream"]["Api"]["ExtraHeaderParameters"], json!({"X-Name": "***"}));
    assert_eq!(json["application"]["ClientCredentials"][1]["Sekret"], "***");
}

#[cfg(unix)]
#[test]
fn a_nested_entry_is_shown_as_every_entry_is() {
    let program = |credential: &str| {
        let entry = format!(
            r#""SourceType": "KeyVault", "KeyVaultUrl": "https://v.vault.azure.net/certificates/c", {credential}"#
        );
        let text = format!(r#"{{"AzureAd": {{"ClientId": "app1", "ClientCredentials": [{{{entry}}}]}}}}"#);
        Program::with("config-nested", &text).run(&["config", "--json"])
    };
    for (written, shown) in [
        (r#""Credential": "AzureCli""#, json!("AzureCli")),
        (r#""Credential": "hunter2""#, json!("***")),
        (r#""Credential": ["hunter2"]"#, json!({"0": "***"})),
        (
            r#""Credential": {"sourcetype": "ClientSecret", "ClientSecret": "hunter2", "Sekret": "hunter2", "Skip": "false"}"#,
            json!({"SourceType": "ClientSecret", "ClientSecret": "***", "Sekret": "***", "Skip": false}),
        ),
    ] {
        let ran = program(written);
        assert_eq!(ran.json()["application"]["ClientCredentials"][0]["Credential"], shown, "{written}");
        assert!(!ran.text().contains("hunter2"), "{ran:?}");
    }
}

#[test]
fn a_variable_that_is_not_utf_8_is_told() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let program = Program::with(
        "config-bytes",
        r#"{"AzureAd": {"ClientId": "app1", "TenantId": "t.example", "Instance": "https://login.microsoftonline.com/", "ClientCredentials": [{"SourceType": "SignedAssertionFilePath"}]}}"#,
    );
    for (name, status, severity) in [("SOMETHING_ELSE", 0, "warning"), ("AzureAd__TenantId", 1, "error")] {
        let mut command = program.command(&["config", "--json"]);
        let output = command.env(name, OsStr::from_bytes(b"hunter2\xff")).output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let finding = &report["findings"][0];
        assert_eq!((output.status.code(), &finding["severity"]), (Some(status), &json!(severity)), "{report:#}");
        assert_eq!((&finding["code"], &finding["origin"]["env"]), (&json!("variable-not-unicode"), &json!(name)));
        assert!(!report.to_string().contains("hunter2"), "{report:#}");
    }
}

/// The endpoints as `config --json` has them, and its text.
fn endpoints(name: &str, section: &str, variables: &[(&str, &str)]) -> (Value, String) {
    let settings = format!(r#"{{"AzureAd": {{{section}, "ClientId": "app1"}}}}"#);
    let program =
        variables.iter().fold(Program::with(name, &settings), |program, (name, value)| program.variable(name, value));
    (program.run(&["config", "--json"]).json()["endpoints"].take(), program.run(&["config"]).stdout)
}

#[test]
fn the_token_endpoint_is_the_one_that_will_be_used() {
    const PUBLIC: &str = r#""Instance": "https://login.microsoftonline.com/", "TenantId": "t.example""#;
    let (global, path) = ("https://login.microsoftonline.com/t.example", "t.example/oauth2/v2.0/token");
    for (name, region, variables, expected) in [
        ("plain", "", &[][..], None),
        ("named", "WestEurope", &[], Some("westeurope")),
        ("forced", "", &[("MSAL_FORCE_REGION", "westus2")], Some("westus2")),
        ("named-and-forced", "westeurope", &[("MSAL_FORCE_REGION", "westus2")], Some("westeurope")),
        ("not-forced", "DisableMsalForceRegion", &[("MSAL_FORCE_REGION", "westus2")], None),
        ("detected", "TryAutoDetect", &[("REGION_NAME", "North Europe")], Some("northeurope")),
        ("forced-detected", "", &[("MSAL_FORCE_REGION", "TryAutoDetect"), ("REGION_NAME", "eastus")], Some("eastus")),
        ("disabled", "westeurope", &[("MSAL_DISABLE_REGION", "1")], None),
    ] {
        let section = format!(r#"{PUBLIC}, "AzureRegion": "{region}""#);
        let (found, text) = endpoints(&format!("config-region-{name}"), &section, variables);
        let host = match expected {
            Some(region) => format!("{region}.login.microsoft.com"),
            None => "login.microsoftonline.com".to_owned(),
        };
        let token = format!("https://{host}/{path}");
        assert_eq!((&found["token"], &found["assertion_audience"]), (&json!(token), &json!(token)), "{name}");
        assert_eq!((&found["region"], &found["authority"]), (&json!(expected), &json!(global)), "{name}");
        assert!(text.contains(&token), "{text}");
    }
    let (found, text) = endpoints("config-region-asked", &format!(r#"{PUBLIC}, "AzureRegion": "TryAutoDetect""#), &[]);
    assert_eq!((&found["token"], &found["assertion_audience"]), (&Value::Null, &Value::Null), "{found}");
    assert_eq!(found["token_without_region"], format!("https://login.microsoftonline.com/{path}"));
    assert!(text.contains("region, which the first call asks for"), "{text}");
}

#[test]
fn an_endpoint_that_the_metadata_decides_over_is_not_guessed() {
    for (name, authority) in [
        ("loopback", "https://localhost:9444/tenant1"),
        ("domain", "https://login.contoso.com/CONTOSO.COM"),
        ("id", "https://login.contoso.com/11111111-2222-3333-4444-555555555555"),
    ] {
        let (found, text) = endpoints(&format!("config-own-{name}"), &format!(r#""Authority": "{authority}""#), &[]);
        let metadata = ["", "/v2.0"].map(|version| format!("{authority}{version}/.well-known/openid-configuration"));
        assert_eq!(found, json!({"authority": authority, "instance_discovery": false, "metadata": metadata}));
        assert!(!text.contains("oauth2") && text.contains("metadata") && text.contains(&metadata[1]), "{text}");
    }
}
