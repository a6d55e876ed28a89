#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]

mod application;
mod audience;
mod aws;
mod azure_pipelines;
mod command;
mod custom;
mod data;
mod facts;
mod file;
mod git_hub_actions;
mod google_cloud;
mod guard;
mod hashi_corp_vault;
mod http;
mod kubernetes;
mod managed_identity;
mod platform;
mod spiffe;
mod variable;

use std::sync::Arc;

use credential_core::CredentialSource;

pub use application::ApplicationAssertionSource;
pub use aws::AwsSource;
pub use azure_pipelines::AzurePipelinesSource;
pub use command::CommandSource;
pub use custom::CustomSignedAssertionSource;
pub use data::ProviderData;
pub use facts::{AssertionFacts, MAX_ASSERTION_LENGTH, NotAnAssertion, describe};
pub use file::SignedAssertionFileSource;
pub use git_hub_actions::GitHubActionsSource;
pub use google_cloud::GoogleCloudSource;
pub use hashi_corp_vault::HashiCorpVaultSource;
pub use http::HttpSource;
pub use kubernetes::KubernetesTokenRequestSource;
pub use managed_identity::ManagedIdentityAssertionSource;
pub use platform::registration;
pub use spiffe::SpiffeSource;
pub use variable::{EnvironmentVariableSource, GitLabSource};

/// The sources of this crate, ready to be registered. The one for `CustomSignedAssertion` knows no
/// provider; register one that does in its place.
pub fn sources() -> Vec<Arc<dyn CredentialSource>> {
    vec![
        Arc::new(SignedAssertionFileSource),
        Arc::new(ManagedIdentityAssertionSource),
        Arc::new(ApplicationAssertionSource),
        Arc::new(CustomSignedAssertionSource::new()),
        Arc::new(EnvironmentVariableSource),
        Arc::new(GitHubActionsSource),
        Arc::new(GitLabSource),
        Arc::new(AzurePipelinesSource),
        Arc::new(GoogleCloudSource),
        Arc::new(KubernetesTokenRequestSource),
        Arc::new(HashiCorpVaultSource),
        Arc::new(HttpSource::Get),
        Arc::new(HttpSource::Post),
        Arc::new(CommandSource::new()),
        Arc::new(AwsSource),
        Arc::new(SpiffeSource),
    ]
}
