//! A configuration bound: its authority, and the chain of its credentials.

use credential_core::{Application, Binding, CredentialChain, CredentialDescription, Finding, SourceRegistry, World};

use super::nested_tokens::Engine;
use crate::authority::Authority;
use crate::settings::{ApplicationOptions, Configuration};

/// The authority and the chain of a configuration; what is wrong with them joins its findings, what
/// stands there already does not.
pub(crate) fn bind(
    configuration: &mut Configuration,
    registry: &SourceRegistry,
    world: &World,
) -> (Option<Authority>, Option<CredentialChain>) {
    let authority = Authority::from_options(&configuration.application);
    let application = match &authority {
        Ok(authority) => authority.application(&configuration.application),
        Err(_) => Application::new(configuration.application.client_id_text(), ""),
    };
    let binding = Binding::new(world.clone()).application(application).tokens(&Engine);
    let chain = registry.bind(configuration.application.credentials.clone(), binding);
    let said = match &authority {
        Ok(authority) => authority.findings(),
        // A section that is not there, or that a broken file was to bring, lacks more than its authority.
        Err(_) if configuration.tree.leaves(&configuration.section).is_empty() && !configuration.ok() => &[],
        Err(findings) => findings,
    };
    join(&mut configuration.findings, said);
    let said = match &chain {
        Ok(chain) => chain.findings(),
        Err(error) => error.findings(),
    };
    join(&mut configuration.findings, said);
    join(&mut configuration.findings, &unbound(&configuration.application));
    (authority.ok(), chain.ok())
}

fn join(findings: &mut Vec<Finding>, said: &[Finding]) {
    for finding in said {
        if !findings.contains(finding) {
            findings.push(finding.clone());
        }
    }
}

/// Entries that ask for mutual TLS, which this version does not do: without it their tokens would not be bound.
fn unbound(application: &ApplicationOptions) -> Vec<Finding> {
    let bound = application.credentials.iter().filter(|entry| entry.flag("UseBoundCredential") && !entry.flag("Skip"));
    let say = |entry: &CredentialDescription| {
        let finding = Finding::error(
            "bound-credential-not-supported",
            "UseBoundCredential asks for mutual TLS, which this version does not do: the token would not be bound",
        );
        entry.finding_at_setting("UseBoundCredential", finding.remedy("remove it to get tokens that are not bound"))
    };
    bound.map(say).collect()
}
