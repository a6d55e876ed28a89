//! Every recorded configuration, read from files and variables of a made-up world: the same values as
//! the reference binds, or a difference that is listed with its reason and announced by a finding.

use std::collections::BTreeMap;

use base64::Engine;
use credential_core::source::{Entry, Value as Held};
use credential_core::testing::{FakeWorld, FixedSource};
use credential_core::{
    CredentialDescription, Finding, Setting, SettingKind, Severity, SourceError, SourceRegistry, SourceType,
};
use serde_json::{Map, Value, json};
use token_client::settings::{Configuration, DownstreamOptions, Location};

/// Where ours differs from the reference: the row, the finding that says so, and why.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    ("enum_number_float", "unknown-source-type", DROPPED),
    ("enum_number_overflow", "unknown-source-type", DROPPED),
    ("enum_inner_space", "unknown-source-type", DROPPED),
    ("enum_empty", "missing-source-type", DROPPED),
    ("enum_white", "missing-source-type", DROPPED),
    ("enum_list", "unknown-source-type", "a comma list is added up to another source type"),
    ("enum_null", "missing-source-type", MISSING),
    ("enum_object", "missing-source-type", MISSING),
    ("enum_array", "missing-source-type", MISSING),
    ("enum_missing", "missing-source-type", MISSING),
    ("cc_object", "credentials-as-object", "one object is taken as an empty list"),
    ("cc_object_keys_padded", "missing-source-type", MISSING),
    ("cc_nested_array", "credential-not-an-object", "a list in the list counts as an entry without settings"),
    ("cc_array_with_null", "missing-source-type", MISSING),
    ("cc_array_with_empty_array", "missing-source-type", MISSING),
    ("cc_typos", "missing-source-type", MISSING),
    ("cc_custom_data_empty", "missing-source-type", MISSING),
    ("cc_custom_data_null", "missing-source-type", MISSING),
    ("cc_custom_data_colon", "missing-source-type", MISSING),
    ("cc_decrypt_keys_scalar", "missing-source-type", MISSING),
    ("cc_certificate_object", "unknown-setting", DROPPED),
    ("cc_element_bad_bool", "wrong-type", DROPPED),
    ("cc_element_bad_nested_bool", "wrong-type", DROPPED),
    ("cc_element_bad_nested_guid", "wrong-value", DROPPED),
    ("cc_element_object_for_string", "wrong-type", DROPPED),
    ("cc_element_array_for_string", "wrong-type", DROPPED),
    ("cc_keys_case_order", "missing-source-type", MISSING),
    ("env_sparse", "missing-source-type", MISSING),
    ("env_new_entry_name", "missing-source-type", MISSING),
    ("env_index_text_order", "missing-source-type", MISSING),
    ("env_index_padded", "missing-source-type", MISSING),
    ("env_prefix_aspnetcore_host", "web-host-variable", "read by web hosts and not by generic hosts; ours reads it"),
    ("env_case_twice", "variable-twice", "which spelling wins changes from run to run"),
    ("audiences_string", "list-as-text", TEXT),
    ("audiences_null_element", "empty-element", EMPTY),
    ("capabilities_string", "list-as-text", TEXT),
    ("scopes_string_comma", "list-as-text", TEXT),
    ("scopes_number", "list-as-text", TEXT),
    ("scopes_empty_elements", "empty-element", EMPTY),
    ("scopes_white_elements", "white-space", "white space is kept, and matches no scope"),
    ("http_method_spaces", "white-space", "white space is kept, and is no method"),
];

const DROPPED: &str = "the entry vanishes without a word";
const MISSING: &str = "a missing source type counts as Certificate";
const TEXT: &str = "a list as text counts as no list";
const EMPTY: &str = "empty elements stay in the list";

/// The entries' properties in the reference.
const SETTINGS: &[Setting] = &[
    Setting::new("Algorithm", SettingKind::Text, ""),
    Setting::new("Base64EncodedValue", SettingKind::Text, "").secret(),
    Setting::new("CertificateDiskPath", SettingKind::FilePath, ""),
    Setting::new("CertificateDistinguishedName", SettingKind::Text, ""),
    Setting::new("CertificatePassword", SettingKind::Text, "").secret(),
    Setting::new("CertificateStorePath", SettingKind::Text, ""),
    Setting::new("CertificateSubjectName", SettingKind::Text, ""),
    Setting::new("CertificateThumbprint", SettingKind::Text, ""),
    Setting::new("ClientSecret", SettingKind::Text, "").secret(),
    Setting::new("CustomSignedAssertionProviderData", SettingKind::Data, ""),
    Setting::new("CustomSignedAssertionProviderName", SettingKind::Text, ""),
    Setting::new("DecryptKeysAuthenticationOptions", SettingKind::Data, ""),
    Setting::new("KeyVaultCertificateName", SettingKind::Text, ""),
    Setting::new("KeyVaultUrl", SettingKind::Url, ""),
    Setting::new("ManagedIdentityClientId", SettingKind::Text, ""),
    Setting::new("SignedAssertionFileDiskPath", SettingKind::FilePath, ""),
    Setting::new("TokenExchangeAuthority", SettingKind::Text, ""),
    Setting::new("TokenExchangeUrl", SettingKind::Text, ""),
];

/// A source that only declares: what is bound, not what is loaded, is compared here.
fn declared(name: &str) -> FixedSource {
    let error = SourceError::not_applicable("declared-only", "nothing is loaded here");
    FixedSource::new(SourceType::new(name), Err(error)).settings(SETTINGS)
}

fn registry(schema: &Value) -> SourceRegistry {
    let names = schema["CredentialSource"].as_object().unwrap().keys();
    names.fold(SourceRegistry::new(), |registry, name| registry.with(declared(name)))
}

fn write_files(world: &FakeWorld, row: &Value) {
    let own = row["files_cwd"].as_object().or(row["files"].as_object());
    for (name, text) in own.into_iter().flatten() {
        world.files.write(name, text.as_str().unwrap());
    }
    for (name, text) in row["files_base64"].as_object().into_iter().flatten() {
        world.files.write(name, base64::engine::general_purpose::STANDARD.decode(text.as_str().unwrap()).unwrap());
    }
    for (name, value) in row["env"].as_object().into_iter().flatten() {
        world.environment.set(name, value.as_str().unwrap());
    }
}

fn location(row: &Value) -> Location {
    let mut location = Location::new().section(row["section"].as_str().unwrap());
    if let Some(environment) = row["environment"].as_str() {
        location = location.environment(environment);
    }
    // The forms of .NET's command line: `--key value`, `--key=value`, `/key=value`, `key=value`.
    let mut args = row["args"].as_array().into_iter().flatten().map(|arg| arg.as_str().unwrap());
    while let Some(arg) = args.next() {
        let bare = arg.trim_start_matches("--").trim_start_matches('/');
        let (key, value) = bare.split_once('=').unwrap_or_else(|| (bare, args.next().unwrap()));
        location = match key {
            "environment" => location.environment(value),
            _ => location.set(key, value),
        };
    }
    location
}

fn flat(configuration: &Configuration, row: &Value) -> BTreeMap<String, Value> {
    let sections = [row["section"].as_str(), row["downstream_section"].as_str()];
    let leaves = sections.into_iter().flatten().flat_map(|section| configuration.tree.leaves(section));
    let text = |value: &str| if value.len() > 2000 { "long".to_owned() } else { value.to_owned() };
    // A section that is there and empty has no value of its own in the recording.
    leaves
        .filter(|leaf| leaf.path != row["section"] && leaf.path != row["downstream_section"] || leaf.value.is_some())
        .map(|leaf| (leaf.path, leaf.value.map_or(Value::Null, |value| json!(text(value.expose())))))
        .collect()
}

fn recorded_flat(result: &Value) -> BTreeMap<String, Value> {
    let pairs = result["configuration"].as_object().into_iter().flatten();
    pairs
        .map(|(path, value)| {
            let long = value.as_str().is_some_and(|text| text.ends_with("characters)"));
            (path.clone(), if long { json!("long") } else { value.clone() })
        })
        .collect()
}

fn setting(entry: &Entry) -> Value {
    match &entry.value {
        Held::Text(text) => json!(text.expose()),
        Held::Map(entries) => {
            entries.iter().map(|entry| (entry.name.clone(), setting(entry))).collect::<Map<_, _>>().into()
        }
    }
}

/// The properties that the reference has, under its names.
fn credential(description: &CredentialDescription, schema: &Value) -> Value {
    let mut map = Map::new();
    map.insert("SourceType".to_owned(), json!(description.source_type().as_str()));
    for name in schema["CredentialDescription"].as_object().unwrap().keys() {
        // Given by the program, or computed: nothing that a configuration can say.
        if ["CachedValue", "Certificate", "CredentialType", "Id", "SourceType"].contains(&name.as_str()) {
            continue;
        }
        if let Some(entry) = description.entry(name) {
            let value = setting(entry);
            let nested = name == "DecryptKeysAuthenticationOptions" && value.is_object();
            let value = if nested { plain(&value, &schema["DownstreamApiOptions"]) } else { value };
            map.insert(name.clone(), value);
        }
    }
    Value::Object(map)
}

/// What can be said of both sides: no `null`, no default, flags as text in lower case, a nested object
/// of unknown type as `{}`.
fn plain(value: &Value, defaults: &Value) -> Value {
    match value {
        Value::Bool(flag) => json!(flag.to_string()),
        Value::String(text) if text == "System.Object" => json!({}),
        Value::String(text) if ["true", "false"].contains(&text.trim().to_ascii_lowercase().as_str()) => {
            json!(text.trim().to_ascii_lowercase())
        }
        Value::Array(list) => list.iter().map(|value| plain(value, &Value::Null)).collect(),
        Value::Object(map) => {
            let kept = map.iter().filter(|(name, value)| {
                let default = &defaults[name.as_str()]["default"];
                !(value.is_null() && default.is_null()) && (*value != default || default.is_null())
            });
            kept.map(|(name, value)| (name.clone(), plain(value, &Value::Null))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// What is shown at a path, with the values of the tree where they are not shown: all of it is compared.
fn unmasked(shown: Value, configuration: &Configuration, path: &str) -> Value {
    match shown {
        Value::String(text) if text.contains("***") => {
            configuration.tree.get(path).map_or(Value::Null, |value| json!(value.expose()))
        }
        Value::Object(map) => {
            let pairs = map.into_iter().map(|(name, value)| {
                let value = unmasked(value, configuration, &format!("{path}:{name}"));
                (name, value)
            });
            pairs.collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

fn ours(configuration: &Configuration, schema: &Value, sources: &SourceRegistry) -> Value {
    let application = &configuration.application;
    let shown = serde_json::to_value(application.shown(sources)).unwrap();
    let mut map = unmasked(shown, configuration, &configuration.section);
    let list = |list: &[CredentialDescription]| list.iter().map(|one| credential(one, schema)).collect::<Value>();
    if application.has_credential_list {
        map["ClientCredentials"] = list(&application.credentials);
    }
    if application.has_token_decryption_list {
        map["TokenDecryptionCredentials"] = list(&application.token_decryption_credentials);
    }
    plain(&map, &schema["MicrosoftIdentityApplicationOptions"])
}

fn theirs(application: &Value, configuration: &Configuration, schema: &Value) -> Value {
    let mut map = application.clone();
    if configuration.application.authority.is_none() {
        map.as_object_mut().unwrap().remove("Authority");
    }
    map.as_object_mut().unwrap().remove("DefaultUserFlow");
    for name in ["ClientCredentials", "TokenDecryptionCredentials"] {
        for entry in map.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten() {
            let entry = entry.as_object_mut().unwrap();
            entry.remove("CachedValue");
            entry.remove("CredentialType");
            entry.entry("SourceType").or_insert(json!("Certificate"));
        }
    }
    plain(&map, &schema["MicrosoftIdentityApplicationOptions"])
}

fn our_api(options: Option<&DownstreamOptions>, configuration: &Configuration, schema: &Value) -> Value {
    let shown = |options: &DownstreamOptions| {
        unmasked(serde_json::to_value(options.shown()).unwrap(), configuration, &options.path)
    };
    let shown = options.map_or(json!({}), shown);
    plain(&shown, &schema["DownstreamApiOptions"])
}

/// Every way in which the row differs, in words.
fn compare(
    row: &Value,
    configuration: &Configuration,
    findings: &[Finding],
    schema: &Value,
    sources: &SourceRegistry,
) -> Vec<String> {
    let result = &row["result"];
    let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
    let parts = [result, &result["application"], &result["downstream"]];
    let mut differences = Vec::new();
    if parts.iter().any(|part| part.get("error").is_some()) && !failed {
        differences.push("the reference fails and ours does not".to_owned());
    }
    if result.get("error").is_some() {
        return differences;
    }
    let mut differ = |what: &str, ours: Value, theirs: Value| {
        if ours != theirs {
            differences.push(format!("{what}\n    ours   {ours}\n    theirs {theirs}"));
        }
    };
    differ("environment", json!(configuration.environment), result["environment_name"].clone());
    differ("configuration", json!(flat(configuration, row)), json!(recorded_flat(result)));
    if result["application"].get("error").is_none() && row["name"] != "long_value" {
        let theirs = theirs(&result["application"], configuration, schema);
        differ("application", ours(configuration, schema, sources), theirs);
    }
    if let Some(name) = row["downstream_section"].as_str()
        && result["downstream"].get("error").is_none()
    {
        let theirs = plain(&result["downstream"], &schema["DownstreamApiOptions"]);
        differ("downstream", our_api(configuration.downstream(name), configuration, schema), theirs);
    }
    differences
}

#[tokio::test]
async fn every_row_is_equal_or_a_listed_difference() {
    let schema: Value = serde_json::from_str(include_str!("../golden/config_schema.json")).unwrap();
    let registry = registry(&schema);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for line in include_str!("../golden/config.jsonl").lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let name = row["name"].as_str().unwrap();
        let world = FakeWorld::new();
        write_files(&world, &row);
        let configuration = Configuration::read(&location(&row), &world.world()).await;
        let mut findings = configuration.findings.clone();
        let all = [&configuration.application.credentials, &configuration.application.token_decryption_credentials];
        for list in all {
            match registry.bind(list.clone(), world.world()) {
                Ok(chain) => findings.extend(chain.findings().iter().cloned()),
                Err(error) => findings.extend(error.findings().iter().cloned()),
            }
        }
        let differences = compare(&row, &configuration, &findings, &schema, &registry);
        let listed = DIFFERENCES.iter().find(|(listed, ..)| *listed == name);
        let codes: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
        match listed {
            None if differences.is_empty() => {}
            None => wrong.push(format!("{name}: {} {codes:?}", differences.join("\n  "))),
            Some(_) if differences.is_empty() => wrong.push(format!("{name}: is listed, and no difference")),
            Some((_, code, _)) if codes.contains(code) => {}
            Some((_, code, _)) => wrong.push(format!("{name}: differs without the finding {code}: {codes:?}")),
        }
        seen += 1;
    }
    assert_eq!(seen, 295);
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}
