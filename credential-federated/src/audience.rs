//! Whom an assertion must be meant for, by cloud.

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
