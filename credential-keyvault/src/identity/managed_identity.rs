//! A managed identity of the machine, by the engine that every source has it from.

use credential_core::tokens::TokenFor;
use credential_core::{SourceError, SourceErrorKind};

use super::challenge::Challenge;
use super::implied::MACHINE;
use super::token::Token;
use crate::session::Session;

/// The codes of an identity that is not there; both come of the machine and not of the entry.
const ABSENT: &str = "managed-identity-absent";
const NOT_ASSIGNED: &str = "managed-identity-not-assigned";

/// A token of the managed identity; `ManagedIdentityClientId` or `AZURE_CLIENT_ID` say which one, if
/// it is not the machine's own. Most machines have none: that is found out first and remembered for a while.
pub(super) async fn token(session: &Session, challenge: &Challenge) -> Result<Token, SourceError> {
    let (plan, memory, world) = (session.plan(), session.memory(), session.world());
    if let Some(rest) = memory.identity_absent(world.clock.moment()) {
        let error = SourceError::not_applicable(ABSENT, "no managed identity was there a moment ago");
        return Err(error.remedy(format!("it is looked for again in {} s", rest.as_secs().max(1))));
    }
    let tokens = plan.implied.tokens(MACHINE)?;
    let wanted = TokenFor::new(&challenge.scope, session.deadline, world);
    let given = tokens.token(&wanted.fresh(memory.refused()).probe(true)).await;
    let given = given.map_err(|error| match (error.code(), &plan.managed_identity) {
        (ABSENT, _) => {
            memory.note_identity_absent(world.clock.moment());
            error
        }
        // What a variable names is named for other programs too: the next kind has its turn.
        (NOT_ASSIGNED, None) if error.kind() == SourceErrorKind::Denied => {
            let absent = SourceError::not_applicable(NOT_ASSIGNED, error.to_string());
            absent.remedy("assign it to this machine, or correct AZURE_CLIENT_ID")
        }
        _ => error,
    })?;
    memory.note_identity_there();
    let who = match &plan.implied.identity {
        Some(client_id) => format!("managed identity {client_id}"),
        None => "the machine's own managed identity".to_owned(),
    };
    Ok(Token { value: given.token, expires_on: given.expires_on, who })
}
