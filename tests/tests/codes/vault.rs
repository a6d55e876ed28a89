//! What a vault, its authority and its readers answer.

use std::sync::Arc;
use std::time::Duration;

use credential_core::testing::{FakeCommands, FakeRun};
use credential_core::world::CommandErrorKind;
use credential_core::{Credential, CredentialDescription, Finding, SourceError, SourceType};
use credential_tests::vault::{Action, Cloud, Fault, Key, Made, State, bind, entry, load_within};

use crate::shown::Row;

/// A change to the cloud, of which an entry of the certificate "web" is loaded then.
type Change = fn(&mut State);

fn fault(state: &mut State, part: &str, action: Action) {
    state.faults.push(Fault::new(part, action));
}

const WEB: &str = "GET myvault.vault.azure.net /certificates/web";

/// The code, and what is changed.
const CHANGES: &[(&str, Change)] = &[
    ("vault-connection-refused", |state| fault(state, WEB, Action::Refuse)),
    ("vault-host-unknown", |state| fault(state, WEB, Action::UnknownHost)),
    ("vault-connection-broken", |state| fault(state, WEB, Action::Reset)),
    ("vault-timeout", |state| fault(state, WEB, Action::Slow(Duration::from_secs(600)))),
    ("vault-answer-too-large", |state| fault(state, WEB, Action::Huge)),
    ("vault-throttled", |state| fault(state, WEB, Action::status(429))),
    ("vault-unwell", |state| fault(state, WEB, Action::status(500))),
    ("vault-answer-unexpected", |state| fault(state, WEB, Action::status(418))),
    ("certificate-busy", |state| fault(state, WEB, Action::status(409))),
    ("not-a-vault", |state| fault(state, WEB, Action::status(404))),
    ("vault-answer-unreadable", |state| state.faults.push(Fault::new(WEB, Action::Garbage).authorized(true))),
    ("vault-unauthorized", |state| state.faults.push(Fault::new(WEB, Action::status(401)).authorized(true))),
    ("vault-forbidden", |state| state.refused.push(("certificates/get".to_owned(), String::new()))),
    ("vault-forbidden-by-role", |state| {
        state.refused.push(("certificates/get".to_owned(), "ForbiddenByRbac".to_owned()))
    }),
    ("vault-forbidden-by-access-policy", |state| {
        state.refused.push(("certificates/get".to_owned(), "AccessDenied".to_owned()));
    }),
    ("vault-forbidden-by-firewall", |state| {
        state.refused.push(("certificates/get".to_owned(), "ForbiddenByFirewall".to_owned()));
    }),
    ("vault-signs", |state| state.refused.push(("secrets/get".to_owned(), "ForbiddenByRbac".to_owned()))),
    ("vault-secret-forbidden", |state| {
        state.refused.push(("secrets/get".to_owned(), "ForbiddenByRbac".to_owned()));
        state.refused.push(("keys/sign".to_owned(), "ForbiddenByRbac".to_owned()));
    }),
    ("certificate-deleted", |state| {
        state.certificates.clear();
        state.deleted.push("web".to_owned());
    }),
    ("certificate-disabled", |state| {
        state.certificates.get_mut("web").unwrap().versions.iter_mut().for_each(|one| one.enabled = false);
    }),
    ("vault-authority-unreachable", |state| fault(state, "/oauth2/v2.0/token", Action::Refuse)),
    ("vault-authority-unreadable", |state| fault(state, "/oauth2/v2.0/token", Action::Garbage)),
    ("vault-authority-unwell", |state| fault(state, "/oauth2/v2.0/token", Action::status(500))),
    ("vault-identity-refused", |state| state.applications.clear()),
    ("vault-challenge-resource", |state| {
        let login = "https://login.microsoftonline.com/kvtenant";
        state.challenge = Some(format!(r#"Bearer authorization="{login}", resource="https://evil.example""#));
    }),
    ("vault-challenge-authority", |state| {
        let challenge = r#"Bearer authorization="https://evil.example/t", resource="https://vault.azure.net""#;
        state.challenge = Some(challenge.to_owned());
    }),
    ("vault-challenge-invalid", |state| {
        let challenge =
            r#"Bearer authorization="https://login.microsoftonline.com/", resource="https://vault.azure.net""#;
        state.challenge = Some(challenge.to_owned());
    }),
];

async fn cloud() -> Cloud {
    let cloud = Cloud::start().await;
    cloud.put("web", "v1", Made::new("web", Key::Rsa));
    cloud
}

fn found(loaded: Result<Credential, SourceError>) -> Vec<Finding> {
    loaded.map_or_else(|error| vec![error.finding()], |credential| credential.findings().to_vec())
}

async fn loaded(cloud: &Cloud, entry: CredentialDescription, variables: &[(&str, &str)]) -> Vec<Finding> {
    let source = credential_keyvault::sources().swap_remove(0);
    found(load_within(Duration::from_secs(3), &bind(&source, entry), &cloud.world(variables), None).await)
}

pub(crate) async fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (code, change) in CHANGES {
        let cloud = cloud().await;
        cloud.edit(change);
        let found = loaded(&cloud, entry(SourceType::KEY_VAULT), &Cloud::reader()).await;
        rows.push(Row::of(code, "KeyVault, the certificate \"web\" of https://myvault.vault.azure.net", found));
    }
    rows.extend(of_readers().await);
    rows.extend(of_entries().await);
    rows
}

/// Who reads the vault.
async fn of_readers() -> Vec<Row> {
    let cloud = cloud().await;
    let by = |reader: &str| entry(SourceType::KEY_VAULT).with("Credential", reader);
    let mut rows = Vec::new();
    for (code, reader, variables) in [
        ("vault-no-identity", None, &[][..]),
        ("environment-incomplete", Some("Environment"), &[]),
        ("workload-identity-absent", Some("WorkloadIdentity"), &[]),
    ] {
        let one = reader.map_or_else(|| entry(SourceType::KEY_VAULT), by);
        let input = format!("KeyVault with \"Credential\": {reader:?}, variables {variables:?}");
        rows.push(Row::of(code, input, loaded(&cloud, one, variables).await));
    }
    for (code, run) in [
        ("azure-cli-absent", FakeRun::Fail(CommandErrorKind::NotFound)),
        ("azure-cli-failed", FakeRun::ends(1, "", "ERROR: Please run 'az login' to setup account.")),
        ("azure-cli-timeout", FakeRun::Fail(CommandErrorKind::Timeout)),
    ] {
        let commands = Arc::<FakeCommands>::default();
        commands.on("/bin/sh", &["-c"], run);
        let world = cloud.world(&[]).with_commands(commands);
        let source = credential_keyvault::sources().swap_remove(0);
        let entry = bind(&source, by("AzureCli"));
        let found = found(load_within(Duration::from_secs(3), &entry, &world, None).await);
        rows.push(Row::of(code, "KeyVault with \"Credential\": \"AzureCli\"", found));
    }
    rows
}

/// What the entry says, and what the vault has then.
async fn of_entries() -> Vec<Row> {
    let mut rows = Vec::new();
    let cloud = cloud().await;
    let differs = entry(SourceType::KEY_VAULT).with("CredentialTenantId", "othertenant");
    let found = loaded(&cloud, differs, &Cloud::reader()).await;
    rows.push(Row::of("vault-tenant-differs", "KeyVault with \"CredentialTenantId\": \"othertenant\"", found));
    let elsewhere = CredentialDescription::new(SourceType::KEY_VAULT)
        .with("KeyVaultUrl", "https://myvault.vault.azure.cn")
        .with("KeyVaultCertificateName", "web");
    let found = loaded(&cloud, elsewhere, &Cloud::reader()).await;
    rows.push(Row::of("vault-tls-failed", "KeyVault at a host whose certificate nobody trusts", found));
    for (nth, exp) in [(2, 1_600_000_000), (3, 1_600_000_001)] {
        cloud.put("web", &format!("v{nth}"), Made::new("web", Key::Rsa));
        cloud.edit(|state| state.certificates.get_mut("web").unwrap().versions.last_mut().unwrap().exp = exp);
    }
    let found = loaded(&cloud, entry(SourceType::KEY_VAULT), &Cloud::reader()).await;
    rows.push(Row::of("older-version-used", "KeyVault whose newest versions have ended", found));
    rows
}
