//! Federated credentials from the command line.

use serde::Deserialize;

use super::super::Failure;
use super::super::context::Context;

/// What Microsoft Entra ID recommends, and what there is when nobody names another.
const AUDIENCE: &str = "api://AzureADTokenExchange";

/// Whose assertions stand for the application: the resource `federatedIdentityCredential` of Microsoft Graph, of
/// which the emulator takes these members.
#[derive(Deserialize)]
pub(super) struct Federated {
    pub(super) issuer: String,
    pub(super) subject: String,
    #[serde(default)]
    audiences: Vec<String>,
}

impl Federated {
    /// Entra takes exactly one.
    pub(super) fn audience(&self) -> &str {
        self.audiences.first().map_or(AUDIENCE, String::as_str)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(Federated),
    Many(Vec<Federated>),
}

/// Reads every `--federated`: JSON, or `@FILE` with JSON.
pub(super) async fn read(arguments: &[String], context: &Context) -> Result<Vec<Federated>, Failure> {
    let mut list = Vec::new();
    for argument in arguments {
        let text = match argument.strip_prefix('@') {
            Some(file) => context.file(file).await?,
            None => argument.clone().into_bytes(),
        };
        let wrong = |what: &str| {
            let example = r#"{"issuer": "https://oidc.example", "subject": "system:serviceaccount:ns:name"}"#;
            Failure::Usage(format!("--federated takes @FILE or JSON such as {example}: {what}"))
        };
        let read =
            serde_json::from_slice(&text).map_err(|_| wrong("this is neither one credential nor a list of them"))?;
        let new = match read {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        };
        if new.iter().any(|one| one.audiences.len() > 1) {
            return Err(wrong("audiences has exactly one member"));
        }
        list.extend(new);
    }
    Ok(list)
}
