//! The two crates that know the clouds' authorities know the same ones.

use std::collections::BTreeSet;

/// The authorities among the texts of a source file, up to its tests.
fn authorities(source: &'static str) -> BTreeSet<&'static str> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let texts = code.split('"').skip(1).step_by(2);
    texts.filter(|text| text.starts_with("login") || text.starts_with("sts.")).collect()
}

#[test]
fn a_vault_may_name_every_authority_that_a_token_client_knows_and_no_other() {
    let vaults = authorities(include_str!("../../credential-keyvault/src/vault/clouds.rs"));
    let mut known = authorities(include_str!("../../token-client/src/authority/clouds.rs"));
    // Microsoft's own, before production: no vault there is anybody else's.
    known.retain(|host| !host.contains("ppe"));
    assert!(known.len() > 10, "{known:?}");
    assert_eq!(vaults, known);
}
