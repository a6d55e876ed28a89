//! Whom an assertion must be meant for: what the entry says, or by cloud.

use credential_core::source::Application;
use credential_core::{CredentialDescription, Setting, SettingKind};

/// Where an entry says it.
pub(crate) const EXCHANGE_URL: Setting = Setting::new(
    "TokenExchangeUrl",
    SettingKind::Text,
    "The audience of the assertion; without it the one of the application's cloud, api://AzureADTokenExchange.",
)
.mistaken(&["TokenExchangeUri", "TokenExchangeAudience"]);

/// The audience of an entry's assertion, written as a resource or as its scope `AUDIENCE/.default`.
pub(crate) fn of_entry<'a>(entry: &'a CredentialDescription, application: &Application) -> &'a str {
    let written = entry.text(EXCHANGE_URL.name).map(str::trim).filter(|written| !written.is_empty());
    let written = written.unwrap_or_else(|| of_cloud(application.cloud.as_deref()));
    written.strip_suffix("/.default").unwrap_or(written)
}

/// The audience that Microsoft Entra expects of an assertion in the cloud of that name (`public`, `usgov`, ...;
/// Microsoft Entra, "workload identity federation"): the public cloud's where the cloud has no own one.
pub(crate) fn of_cloud(cloud: Option<&str>) -> &'static str {
    match cloud {
        Some("usgov") => "api://AzureADTokenExchangeUSGov",
        Some("china") => "api://AzureADTokenExchangeChina",
        Some("bleu") => "api://AzureADTokenExchangeFrance",
        Some("delos") => "api://AzureADTokenExchangeGermany",
        Some("govsg") => "api://AzureADTokenExchangeGovSG",
        Some("usnat") => "api://AzureADTokenExchangeUSNat",
        Some("ussec") => "api://AzureADTokenExchangeUSSec",
        _ => ANYWHERE,
    }
}

/// What the audience begins with in every cloud.
pub(crate) const ANYWHERE: &str = "api://AzureADTokenExchange";
