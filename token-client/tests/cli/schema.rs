//! `schema` says what the program says: what it accepts validates, and what it refuses for its shape fails.

use std::collections::BTreeMap;

use jsonc_parser::ast;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::program::Program;

/// Errors that are about the shape of what is written, and no others.
const OF_SHAPE: &[&str] = &[
    "bound-credential-not-supported",
    "credential-not-an-object",
    "empty-setting",
    "misspelt-setting",
    "missing-setting",
    "missing-source-type",
    "not-supported",
    "unknown-source-type",
    "white-space",
    "wrong-type",
    "wrong-value",
];

/// Recorded configurations that the schema judges otherwise than the program, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("keys_other_case", CASE),
    ("cc_element_bad_nested_bool", NOT_DECLARED),
    ("cc_element_bad_nested_guid", NOT_DECLARED),
    ("cc_element_null_secret", "which of three settings holds the secret is the source's own rule"),
];

const CASE: &str = "the program takes keys in any case, and a schema knows the one of the declarations";
const NOT_DECLARED: &str = "DecryptKeysAuthenticationOptions is a setting of no source that anybody brings";

fn validator(program: &Program) -> Validator {
    let ran = program.run(&["schema", "--section", "AzureAd"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(jsonschema::meta::is_valid(&ran.json()), "{}", ran.stdout);
    jsonschema::validator_for(&ran.json()).unwrap()
}

/// JSON with comments and trailing commas; `None` when it is none, or has a key twice.
fn parsed(text: &str) -> Option<Value> {
    let options = (jsonc_parser::CollectOptions::default(), jsonc_parser::ParseOptions::default());
    value(&jsonc_parser::parse_to_ast(text, &options.0, &options.1).ok()?.value?)
}

fn value(node: &ast::Value<'_>) -> Option<Value> {
    Some(match node {
        ast::Value::StringLit(text) => json!(text.value),
        ast::Value::NumberLit(number) => serde_json::from_str(number.value).ok()?,
        ast::Value::BooleanLit(flag) => json!(flag.value),
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::Array(array) => array.elements.iter().map(value).collect::<Option<Vec<_>>>()?.into(),
        ast::Value::Object(object) => {
            let pairs = object.properties.iter().map(|one| Some((one.name.as_str().to_owned(), value(&one.value)?)));
            pairs.collect::<Option<Map<_, _>>>()?.into()
        }
    })
}

/// The codes of the errors that the program finds in the file.
fn errors(program: &Program, text: &str) -> Vec<String> {
    program.write("appsettings.json", text);
    let findings = program.run(&["config", "--json"]).json()["findings"].as_array().unwrap().clone();
    let errors = findings.iter().filter(|finding| finding["severity"] == "error");
    errors.map(|finding| format!("{} {}", finding["code"].as_str().unwrap(), finding["path"])).collect()
}

fn is_of_shape(error: &str) -> bool {
    OF_SHAPE.iter().any(|code| error.split(' ').next() == Some(code))
}

#[test]
fn every_recorded_configuration_is_judged_as_the_program_judges_it() {
    let program = Program::new("schema-golden");
    let validator = validator(&program);
    let mut exceptions: BTreeMap<&str, &str> = EXCEPTIONS.iter().copied().collect();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for line in include_str!("../../../tests/golden/config.jsonl").lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let others = ["files_base64", "files_cwd", "args"].iter().any(|key| row.get(key).is_some());
        let variables = row["env"].as_object().is_some_and(|variables| !variables.is_empty());
        let files = row["files"].as_object().unwrap_or(&Map::new()).clone();
        // A schema is for one file, and for the section that it was made for.
        if others || variables || files.len() != 1 || row["section"] != "AzureAd" {
            continue;
        }
        let Some(text) = files.get("appsettings.json").and_then(Value::as_str) else { continue };
        let Some(instance) = parsed(text) else { continue };
        seen += 1;
        let errors = errors(&program, text);
        let valid = validator.is_valid(&instance);
        let agrees = match () {
            () if errors.is_empty() => valid,
            () if errors.iter().any(|error| is_of_shape(error)) => !valid,
            () => true,
        };
        let name = row["name"].as_str().unwrap();
        match (agrees, exceptions.remove(name)) {
            (true, None) | (false, Some(_)) => {}
            (true, Some(_)) => wrong.push(format!("{name}: is listed, and no exception")),
            (false, None) => {
                let said: Vec<String> =
                    validator.iter_errors(&instance).map(|one| format!("{one} at {}", one.instance_path())).collect();
                wrong.push(format!("{name}: {errors:?} {said:?}\n    {text}"));
            }
        }
    }
    assert!(exceptions.is_empty(), "no such rows: {exceptions:?}");
    assert!(wrong.is_empty(), "{} of {seen}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(seen, 205);
}

/// A file with an application whose members these are.
fn application(members: &str) -> String {
    format!(
        r#"{{"AzureAd": {{"Instance": "https://login.microsoftonline.com/", "TenantId": "t.example", {members}}}}}"#
    )
}

/// An entry beside a good application.
fn entry(members: &str) -> String {
    application(&format!(r#""ClientId": "a", "ClientCredentials": [{{{members}}}]"#))
}

/// A downstream section beside a good application.
fn api(members: &str) -> String {
    let secret = r#"{"SourceType": "ClientSecret", "ClientSecret": "s"}"#;
    let app = application(&format!(r#""ClientId": "a", "ClientCredentials": [{secret}]"#));
    format!(
        r#"{}, "DownstreamApis": {{"Api": {{"BaseUrl": "https://h/", "Scopes": "x", {members}}}}}}}"#,
        app.strip_suffix('}').unwrap()
    )
}

fn vault(members: &str) -> String {
    let place = r#""KeyVaultUrl": "https://v.vault.azure.net", "KeyVaultCertificateName": "c""#;
    entry(&format!(r#""SourceType": "KeyVault", {place}, {members}"#))
}

#[test]
fn what_is_accepted_validates_and_what_is_refused_fails() {
    let program = Program::new("schema-table");
    let validator = validator(&program);
    let path = r#""SourceType": "Path", "CertificateDiskPath": "a.pfx""#;
    let secret = |more: &str| entry(&format!(r#""SourceType": "ClientSecret", "ClientSecret": "s", {more}"#));
    let list = |entries: &[&str]| {
        let one = |more: &&str| match more.is_empty() {
            true => r#"{"SourceType": "ClientSecret", "ClientSecret": "s"}"#.to_owned(),
            false => format!(r#"{{"SourceType": "ClientSecret", "ClientSecret": "s", {more}}}"#),
        };
        let entries: Vec<String> = entries.iter().map(one).collect();
        application(&format!(r#""ClientId": "a", "ClientCredentials": [{}]"#, entries.join(", ")))
    };
    let options = |members: &str| api(&format!(r#""AcquireTokenOptions": {{{members}}}"#));
    let custom = |data: &str| {
        let name = r#""SourceType": "CustomSignedAssertion", "CustomSignedAssertionProviderName": "P""#;
        entry(&format!(r#"{name}, "CustomSignedAssertionProviderData": {data}"#))
    };
    for (text, accepted) in [
        // Source types: in any case, by number, with white space; those that nobody brings.
        (entry(path), true),
        (entry(&path.replace("\"Path\"", "\" pATH \"")), true),
        (entry(&path.replace("\"Path\"", "3")), true),
        (entry(&path.replace("\"Path\"", "\"3\"")), true),
        (entry(&path.replace("\"Path\"", "\"Pth\"")), false),
        (entry(&path.replace("\"Path\"", "99")), false),
        (entry(r#""CertificateDiskPath": "a.pfx""#), false),
        (entry(r#""SourceType": "AutoDecryptKeys", "Anything": {}"#), true),
        (
            application(r#""ClientId": "a", "ClientCredentials": {"SourceType": "Path", "CertificateDiskPath": "a"}"#),
            true,
        ),
        (application(r#""ClientId": "a", "ClientCredentials": "ClientSecret""#), false),
        (application(r#""ClientId": "a", "ClientCredentials": ["ClientSecret"]"#), false),
        (application(r#""ClientCredentials": []"#), false),
        // What a source needs; what it knows, and what it is mistaken for.
        (entry(r#""SourceType": "Path""#), false),
        (entry(r#""SourceType": "Path", "CertificateDiskPath": " ""#), false),
        (entry(r#""SourceType": "Path", "CertificatePath": "a.pfx""#), false),
        (entry(&format!(r#"{path}, "CertificatePath": null"#)), true),
        // A key that is misspelt beside the right one, by a letter.
        (entry(&format!(r#"{path}, "CertificatPassword": "x""#)), false),
        (entry(&format!(r#"{path}, "CertificatePasswrod": "x""#)), false),
        (entry(&format!(r#"{path}, "CertificateePassword": null"#)), true),
        (entry(&format!(r#"{path}, "certificatePassword": "x""#)), true),
        (secret(r#""Algoritm": "PS256""#), false),
        (application(r#""ClientId": "a", "TennantId": "t", "ClientCredentials": []"#), false),
        (application(r#""ClientId": "a", "audience": "t", "Audiences": ["a"], "ClientCredentials": []"#), true),
        (api(r#""RequestApToken": true"#), false),
        (options(r#""ForceRefersh": true"#), false),
        (entry(&format!(r#"{path}, "Colour": "red""#)), true),
        (entry(&format!(r#"{path}, "CertificatePassword": 12345"#)), true),
        (entry(&format!(r#"{path}, "CertificatePassword": ["x"]"#)), false),
        // Flags, whole numbers, addresses, names.
        (list(&[r#""Skip": true"#, ""]), true),
        (secret(r#""Skip": " FALSE ""#), true),
        (secret(r#""Skip": "yes""#), false),
        (secret(r#""Skip": 1"#), false),
        (secret(r#""UseBoundCredential": "True""#), false),
        (list(&[r#""UseBoundCredential": true, "Skip": true"#, ""]), true),
        (secret(r#""UseBoundCredential": false"#), true),
        (vault(r#""PollInterval": 60"#), true),
        (vault(r#""PollInterval": "60""#), true),
        (vault(r#""PollInterval": -1"#), false),
        (vault(r#""PollInterval": "soon""#), false),
        (vault(r#""CredentialTenantId": "t.example""#), true),
        (vault(r#""CredentialTenantId": " t.example""#), false),
        (vault(r#""KeyVaultCertificate": "c""#), false),
        (vault("\"Skip\": false").replace("https://v.vault.azure.net", "v.vault.azure.net"), false),
        // Lists, and names with texts, of an entry.
        (entry(r#""SourceType": "Command", "Command": ["a", "b c"], "CommandTimeout": 5"#), true),
        (entry(r#""SourceType": "Command", "Command": "a""#), true),
        (entry(r#""SourceType": "Command", "Command": null"#), false),
        (entry(r#""SourceType": "Command", "Command": " ""#), false),
        (entry(r#""SourceType": "Command", "CommandLine": ["a"]"#), false),
        (entry(r#""SourceType": "HttpGet", "Url": "https://h/$A", "Headers": {"X": "Token $B"}"#), true),
        (entry(r#""SourceType": "HttpGet", "Url": "https://h/", "Headers": "X: y""#), false),
        (entry(r#""SourceType": "HttpGet", "Url": "h/""#), false),
        (entry(r#""SourceType": "GitLab", "VariableName": null"#), true),
        (entry(r#""SourceType": "EnvironmentVariable", "Variable": "A""#), false),
        // A nested entry, by a name or as an object.
        (vault(r#""Credential": "azurecli""#), true),
        (vault(r#""Credential": "AzureCloud""#), false),
        (vault(r#""Credential": {"SourceType": "ClientSecret", "ClientSecret": "s"}"#), true),
        (vault(r#""Credential": {"ClientSecret": "s"}"#), false),
        (vault(r#""Credential": {"SourceType": "ClientSecret", "Secret": "s"}"#), false),
        // Members that somebody else declares.
        (custom(r#"{"Role": "r", "Deep": {"List": [1, 2]}}"#), true),
        (custom(r#""text""#), false),
        // Sections.
        (application(r#""ClientId": " a""#), false),
        (application(r#""ClientId": """#), false),
        (application(r#""ClientId": 5, "Audiences": "a b", "ClientCapabilities": ["cp1"]"#), true),
        (application(r#""ClientId": "a", "Tenant": "t""#), false),
        (application(r#""ClientId": "a", "SendX5C": "TRUE", "Colour": "red", "CallbackPath": "/x""#), true),
        (application(r#""ClientId": "a", "SendX5C": """#), false),
        (application(r#""ClientId": "a", "ExtraQueryParameters": {"a": 1, "b": null}"#), true),
        (application(r#""ClientId": "a", "ExtraQueryParameters": "a=1""#), false),
        (application(r#""ClientId": "a", "ClientCredentialsUsingManagedIdentity": {"IsEnabled": true}"#), true),
        (application(r#""ClientId": "a", "ClientCredentialsUsingManagedIdentity": "x""#), false),
        (api(r#""RequestAppToken": """#), true),
        (api(r#""RequestAppToken": "x""#), false),
        (api(r#""Path": "x""#), false),
        (options(r#""CorrelationId": "{0F8FAD5B-D9CB-469F-A165-70867728950E}""#), true),
        (options(r#""CorrelationId": "0f8fad5b""#), false),
        (options(r#""TenantId": "t""#), false),
        (options(r#""Tenant": "t.example", "Colour": "red""#), true),
        // What this version does not do.
        (api(r#""ProtocolScheme": "bearer""#), true),
        (api(r#""ProtocolScheme": "Pop""#), false),
        (options(r#""PopClaim": "c""#), false),
        (options(r#""PopClaim": "", "ManagedIdentity": {}, "ExtraParameters": null"#), true),
        (options(r#""ManagedIdentity": {"UserAssignedClientId": "i"}"#).replace(r#""x""#, r#""x/.default""#), true),
        (options(r#""ManagedIdentity": {"ClientId": "i"}"#), false),
        (options(r#""ExtraParameters": {"a": "b"}"#), false),
    ] {
        let errors = errors(&program, &text);
        assert_eq!(errors.is_empty(), accepted, "the program: {errors:?}\n{text}");
        let instance = parsed(&text).unwrap();
        let said: Vec<String> =
            validator.iter_errors(&instance).map(|one| format!("{one} at {}", one.instance_path())).collect();
        assert_eq!(said.is_empty(), accepted, "the schema: {said:?}\n{text}");
    }
}

#[test]
fn what_a_schema_cannot_say_is_left_to_the_program() {
    let program = Program::new("schema-beyond");
    let validator = validator(&program);
    for (text, why) in [
        (entry(r#""SourceType": "ClientSecret", "ClientSecret": "s", "Skp": true"#), "the nearest name is no pattern"),
        (entry(r#""SourceType": "ClientSecret""#), "one of three settings: the source's own rule"),
        (entry(r#""SourceType": "ClientSecret", "ClientSecret": "<secret>""#), "placeholders look like values"),
        (vault(r#""PollInterval": 5.0"#), "a whole number for JSON Schema"),
        (api(r#""Scopes": "Mail.Read", "HttpMethod": "a b""#).replace(r#""Scopes": "x", "#, ""), "rules of HTTP"),
    ] {
        assert!(!errors(&program, &text).is_empty(), "{why}: {text}");
        assert!(validator.is_valid(&parsed(&text).unwrap()), "{why}: {text}");
    }
}

#[test]
fn what_is_refused_says_why_where_it_is_declared() {
    let program = Program::new("schema-refused");
    let schema = program.run(&["schema"]).json();
    let options = &schema["$defs"]["downstream"]["properties"]["AcquireTokenOptions"]["properties"];
    let about = options["UserFlow"]["description"].as_str().unwrap();
    assert!(about.contains("Azure AD B2C") && about.contains("SignUpSignInPolicyId"), "{about}");
    assert_eq!(options["UserFlow"]["deprecated"], true);
    // Values that count when nothing is said, as values of their kind.
    let downstream = &schema["$defs"]["downstream"]["properties"];
    assert_eq!(
        (&downstream["HttpMethod"]["default"], &downstream["Anonymous"]["default"]),
        (&json!("Get"), &json!(false))
    );
    assert_eq!(downstream["ProtocolScheme"]["anyOf"][0]["enum"], json!(["Bearer"]));
    // Nothing that is read elsewhere or written by mistake is offered.
    let offered = schema["$defs"]["application"]["properties"].as_object().unwrap();
    assert!(
        offered.contains_key("TenantId") && !offered.contains_key("CallbackPath") && !offered.contains_key("Tenant")
    );
}

#[test]
fn a_section_below_another_is_described_at_its_place() {
    let ran = Program::new("schema-path").run(&["schema", "--section", "A:B", "--section", "A:C"]);
    let members = &ran.json()["properties"]["A"]["properties"];
    assert!(members["B"].is_object() && members["C"].is_object(), "{ran:?}");
}
