//! A configuration bound: its authority, and the chain of its credentials.

use credential_core::registry::Binding;
use credential_core::source::Application;
use credential_core::{CredentialChain, CredentialDescription, Finding, Severity};

use super::recipe::Recipe;
use super::sections::Sections;
use crate::authority::{Authority, codes};
use crate::settings::{ApplicationOptions, Configuration, explained};

/// What a section came to.
pub(crate) struct Bound {
    pub(crate) authority: Option<Authority>,
    pub(crate) chain: Option<CredentialChain>,
    /// What was found on the way; what stands in the configuration's own findings is not among it.
    pub(crate) findings: Vec<Finding>,
}

/// Binds the configuration's section, without I/O, and with it the sections that its entries name.
pub(crate) fn bind(configuration: &Configuration, sections: &Sections<'_>) -> Bound {
    let (recipe, options) = (sections.recipe, &configuration.application);
    let authority = match Authority::from_options(options) {
        // Whoever asks for a token of the application's learns of it.
        Err(findings) if !configuration.needs_application() => {
            let mut errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
            match (errors.next(), errors.next()) {
                (Some(one), None) if NEEDLESS.contains(&one.code) => Ok(Authority::absent(one.clone())),
                _ => Err(findings),
            }
        }
        authority => authority,
    };
    let application = match &authority {
        Ok(authority) => authority.application(options),
        Err(_) => Application::new(options.client_id_text(), ""),
    };
    let binding = Binding::new(recipe.world_of(configuration)).application(application).tokens(sections);
    let chain = recipe.registry.bind(options.credentials.clone(), binding);
    let mut findings = Vec::new();
    join(
        &mut findings,
        match &authority {
            Ok(authority) => authority.findings(),
            // A section that is not there, or that a broken file was to bring, lacks more than its authority.
            Err(_) if configuration.tree.leaves(&configuration.section).is_empty() && !configuration.ok() => &[],
            Err(findings) => findings,
        },
    );
    join(
        &mut findings,
        match &chain {
            Ok(chain) => chain.findings(),
            Err(error) => error.findings(),
        },
    );
    join(&mut findings, &unbound(options));
    join(&mut findings, &identities(configuration, recipe));
    findings.retain(|finding| !configuration.findings.contains(finding));
    let mut all = configuration.findings.clone();
    all.append(&mut findings);
    explained::retain(&configuration.section, &mut all);
    findings.extend(all.into_iter().filter(|finding| !configuration.findings.contains(finding)));
    Bound { authority: authority.ok(), chain: chain.ok(), findings }
}

/// What a section without an application may lack.
const NEEDLESS: [&str; 2] = [codes::MISSING_AUTHORITY, codes::MISSING_TENANT];

/// Managed identities of downstream APIs that cannot be used.
fn identities(configuration: &Configuration, recipe: &Recipe) -> Vec<Finding> {
    let is_wrong = |path: &str| {
        let mut errors = configuration.findings.iter().filter(|finding| finding.severity == Severity::Error);
        errors.any(|error| error.path.as_deref().is_some_and(|at| at.starts_with(path)))
    };
    let wanted = configuration.downstream.iter().filter_map(|api| Some((api, api.managed_identity()?)));
    // What the settings' own reader has said already is not said twice.
    let wanted = wanted.filter(|(_, wanted)| !is_wrong(&wanted.path));
    let failed = wanted.filter_map(|(api, wanted)| {
        let tokens = recipe.identities.tokens(&wanted.id(), &recipe.registry, &recipe.world);
        tokens.err().map(|finding| finding.at(&wanted.path, api.origin.clone()))
    });
    failed.collect()
}

/// Adds what is not known yet.
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
