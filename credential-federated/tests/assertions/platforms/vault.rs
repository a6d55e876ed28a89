//! The source `HashiCorpVault`: which vault, as whom, and what it says.

use credential_core::SourceErrorKind::{Denied, Invalid, NotApplicable, Transient};
use credential_core::world::ServerTrust;

use super::*;
use crate::common::{in_time, load};

fn asked_with(request: &HttpRequest, header: &str) -> Option<String> {
    let found = request.headers.iter().find(|(name, _)| name == header);
    found.map(|(_, value)| value.expose().to_owned())
}

#[tokio::test]
async fn the_login_is_in_a_file_a_variable_or_the_home_folder() {
    let good = (VAULT.answer)(&token("a", AUDIENCE, 3600));
    let in_file =
        (VAULT.entry)().with("VaultTokenDiskPath", "sink").with("VaultAddress", "http://127.0.0.1:8200/base/");
    for (entry, variable, expected) in [
        (in_file, Some("of-the-variable"), "of-the-file"),
        ((VAULT.entry)(), Some("of-the-variable"), "of-the-variable"),
        ((VAULT.entry)(), None, "of-the-home"),
    ] {
        let world = VAULT.world();
        world.environment.unset("VAULT_TOKEN");
        world.environment.set("HOME", "/home/ada");
        world.files.write("sink", "of-the-file\n");
        world.files.write("/home/ada/.vault-token", "of-the-home");
        variable.into_iter().for_each(|token| world.environment.set("VAULT_TOKEN", token));
        world.http.on("GET", "http", VAULT.answered(200, good.clone()));
        load(&bound(HashiCorpVaultSource, &entry), &world, None).await.unwrap();
        let request = &world.http.requests()[0];
        assert_eq!(asked_with(request, "X-Vault-Token").as_deref(), Some(expected));
        assert!(expected != "of-the-file" || request.url == "http://127.0.0.1:8200/base/v1/identity/oidc/token/entra");
    }
}

#[tokio::test]
async fn the_namespace_and_the_authorities_are_the_environments() {
    let world = VAULT.world();
    world.environment.set("VAULT_NAMESPACE", "team");
    world.environment.set("VAULT_CACERT", "/etc/vault/ca.pem");
    world.files.write("/etc/vault/ca.pem", "an authority");
    VAULT.gives(&world, &token("a", AUDIENCE, 3600));
    load(&VAULT.bound(), &world, None).await.unwrap();
    let request = &world.http.requests()[0];
    assert_eq!(asked_with(request, "X-Vault-Namespace").as_deref(), Some("team"));
    assert_eq!(request.trust, ServerTrust::authorities("an authority"));
    let entry = (VAULT.entry)().with("VaultNamespace", "mine");
    load(&bound(HashiCorpVaultSource, &entry), &world, None).await.unwrap();
    assert_eq!(asked_with(&world.http.requests()[1], "X-Vault-Namespace").as_deref(), Some("mine"));
}

/// Answers of OpenBao 2.7.2.
#[tokio::test]
async fn the_vaults_own_words_are_passed_on_with_what_to_do() {
    for (status, errors, kind, remedy) in [
        (403, "permission denied", Denied, "log in to the vault again"),
        (400, "role \\\"entra\\\" not found", Invalid, "vault write identity/oidc/role/entra"),
        (400, "no entity associated with the request's token", Invalid, "correct VaultRole"),
        (503, "Vault is sealed", Transient, "wait"),
    ] {
        let world = VAULT.world();
        VAULT.replies(&world, VAULT.answered(status, format!(r#"{{"errors":["{errors}"]}}"#)));
        let error = in_time(&world, load(&VAULT.bound(), &world, None)).await.unwrap_err();
        let words = format!("the vault gave no token: {} ({status})", errors.replace('\\', ""));
        assert_eq!((error.kind(), error.to_string()), (kind, words));
        assert!(error.remedy_text().unwrap().contains(remedy), "{error:?}");
    }
}

#[tokio::test]
async fn a_role_for_somebody_else_is_told_the_vaults_own_command() {
    let world = VAULT.world();
    VAULT.gives(&world, &token("a", "kX3client", 3600));
    let error = load(&VAULT.bound(), &world, None).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the token of the vault's role entra is meant for kX3client, not for api://AzureADTokenExchange"
    );
    let command = "vault write identity/oidc/role/entra client_id=api://AzureADTokenExchange";
    assert!(error.remedy_text().unwrap().contains(command), "{error:?}");
}

#[tokio::test]
async fn nobody_logged_in_is_not_applicable() {
    for prepare in [
        |_: &FakeWorld| {},
        |world: &FakeWorld| world.environment.set("HOME", "/home/ada"),
        |world: &FakeWorld| {
            world.environment.set("HOME", "/home/ada");
            world.files.write("/home/ada/.vault-token", "\n");
        },
    ] {
        let world = VAULT.world();
        world.environment.unset("VAULT_TOKEN");
        prepare(&world);
        let error = load(&VAULT.bound(), &world, None).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (NotApplicable, "vault-login-missing"));
        assert_eq!(world.http.requests().len(), 0);
    }
}
