//! The docs list every setting as it is declared.

use std::sync::Arc;

use credential_core::source::{COMMON_SETTINGS, Standing};
use credential_core::{CredentialSource, Setting, SettingKind};
use token_client::TokenClient;
use token_client::settings::{APPLICATION_SETTINGS, DOWNSTREAM_SETTINGS};

fn kind(setting: &Setting) -> String {
    let mut kind = match setting.kind {
        SettingKind::Identifier => "name or id",
        SettingKind::Guid => "GUID",
        SettingKind::Flag => "`true` or `false`",
        SettingKind::Integer => "whole number",
        SettingKind::FilePath => "path",
        SettingKind::Url => "address",
        SettingKind::RelativeUrl => "end of an address",
        SettingKind::List => "list of texts",
        SettingKind::Map => "names and texts",
        SettingKind::Object(_) | SettingKind::Data => "object",
        SettingKind::Entry => "entry",
        SettingKind::Entries => "list of entries",
        _ => "text",
    }
    .to_owned();
    if !setting.one_of.is_empty() {
        let values: Vec<String> = setting.one_of.iter().map(|value| format!("`{value}`")).collect();
        let entry = if setting.kind == SettingKind::Entry { " or an entry" } else { "" };
        kind = format!("{}{entry}", values.join(", "));
    }
    if setting.secret { format!("{kind}, never shown") } else { kind }
}

fn row(place: &str, setting: &Setting) -> String {
    let default = match setting.default {
        _ if setting.required => "required".to_owned(),
        Some("") | None => String::new(),
        Some(default) => format!("`{default}`"),
    };
    let about = match setting.standing {
        Standing::Refused { .. } => format!("Refused by this version. {}", setting.about),
        _ => setting.about.to_owned(),
    };
    format!("| {place} | {} | {default} | {about} |\n", kind(setting))
}

/// Every setting of a section that is used or refused, members of objects under their paths.
fn section(settings: &[Setting]) -> String {
    fn rows(out: &mut String, outer: &str, settings: &[Setting]) {
        for setting in settings.iter().filter(|setting| setting.standing != Standing::Elsewhere) {
            let path = format!("{outer}{}", setting.name);
            out.push_str(&row(&format!("`{path}`"), setting));
            if let (Standing::Used, SettingKind::Object(members)) = (setting.standing, setting.kind) {
                rows(out, &format!("{path}:"), members);
            }
        }
    }
    let mut out = "| setting | value | default | what it is |\n|---|---|---|---|\n".to_owned();
    rows(&mut out, "", settings);
    out
}

fn elsewhere(settings: &[Setting]) -> String {
    let names = settings.iter().filter(|setting| setting.standing == Standing::Elsewhere);
    let names: Vec<String> = names.map(|setting| format!("`{}`", setting.name)).collect();
    names.join(", ")
}

/// Each setting once, with the source types that have it.
fn entries() -> String {
    let registry = TokenClient::builder().registry();
    let mut all: Vec<(Setting, Vec<String>)> =
        COMMON_SETTINGS.iter().map(|one| (*one, vec!["any".to_owned()])).collect();
    for source in registry.sources() {
        for setting in source.settings() {
            let name = format!("`{}`", source.source_type());
            match all.iter_mut().find(|(known, _)| known == setting) {
                Some((_, types)) => types.push(name),
                None => all.push((*setting, vec![name])),
            }
        }
    }
    let rows = all.iter().map(|(setting, types)| row(&format!("`{}` | {}", setting.name, types.join(", ")), setting));
    let head = "| setting | `SourceType` | value | default | what it is |\n|---|---|---|---|---|\n".to_owned();
    rows.fold(head, |out, row| out + &row)
}

#[test]
fn the_guide_lists_every_setting_as_it_is_declared() {
    let guide = include_str!("../docs/configuration.md");
    let blocks = [
        section(APPLICATION_SETTINGS),
        elsewhere(APPLICATION_SETTINGS),
        section(DOWNSTREAM_SETTINGS),
        elsewhere(DOWNSTREAM_SETTINGS),
        entries(),
    ];
    // Lines are broken where they are too long, in sentences.
    let guide = guide.split('\n').collect::<Vec<_>>().join(" ");
    let missing = blocks.into_iter().filter(|block| !guide.contains(block.trim_end().replace('\n', " ").as_str()));
    let wanted = missing.collect::<Vec<_>>().join("\n\n");
    assert!(wanted.is_empty(), "docs/configuration.md lacks:\n\n{wanted}");
}

#[test]
fn the_readme_of_a_source_names_its_settings() {
    let of = |name: &str, readme: &str, sources: &[Arc<dyn CredentialSource>]| {
        for source in sources {
            for setting in source.settings() {
                for part in std::iter::once(setting.name).chain(setting.one_of.iter().copied()) {
                    assert!(readme.contains(part), "{name}/README.md does not name {part} of {}", source.source_type());
                }
            }
        }
    };
    let stores: Vec<_> = credential_cert_store::sources().into_iter().collect();
    of("credential-cert-store", include_str!("../../credential-cert-store/README.md"), &stores);
    let platforms: Vec<_> = credential_federated::sources().into_iter().collect();
    of("credential-federated", include_str!("../../credential-federated/README.md"), &platforms);
    let vaults: Vec<_> = credential_keyvault::sources().into_iter().collect();
    of("credential-keyvault", include_str!("../../credential-keyvault/README.md"), &vaults);
}

/// Each entry that the guide shows is one that binds without a finding.
#[tokio::test]
async fn the_recipes_of_the_guide_bind() {
    let guide = include_str!("../docs/federation.md");
    let entries: Vec<&str> = guide.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(entries.len() >= 10, "{entries:?}");
    let settings = format!(
        r#"{{"AzureAd": {{"Instance": "https://login.microsoftonline.com/", "TenantId": "contoso.example",
            "ClientId": "app1", "ClientCredentials": [{}]}}}}"#,
        entries.join(",")
    );
    let fake = credential_core::testing::FakeWorld::new();
    fake.files.write("appsettings.json", settings);
    let client = TokenClient::builder().world(fake.world()).build().await.unwrap();
    let chain = client.credentials();
    let found = chain.findings();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn the_guide_of_federation_names_every_source_and_setting_of_its_crate() {
    let guide = include_str!("../docs/federation.md");
    let common = ["TokenExchangeUrl", "CustomSignedAssertionProviderData", "RequiresSignedAssertionFmiPath"];
    for source in credential_federated::sources() {
        let name = source.source_type();
        assert!(guide.contains(&format!("`{name}`")), "{name}");
        for setting in source.settings().iter().filter(|setting| !common.contains(&setting.name)) {
            assert!(guide.contains(&format!("`{}`", setting.name)), "{name} {}", setting.name);
        }
    }
}
