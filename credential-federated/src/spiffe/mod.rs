//! The source type `Spiffe`: a JWT-SVID of the workload, from the agent beside it
//! (<https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE_Workload_API.md>).

mod grpc;
mod message;

use async_trait::async_trait;
use credential_core::guard::{Unanswered, bounded};
use credential_core::source::Detected;
use credential_core::world::{Endpoint, EndpointFault};
use credential_core::{
    BindContext, BindResult, CredentialDescription, CredentialSource, Secret, Setting, SettingKind, SourceError,
    SourceType, World,
};

use crate::audience::EXCHANGE_URL;
use crate::platform::{Asking, Platform, Tokens, absent};

const SOCKET: &str = "SpiffeEndpointSocket";
const ID: &str = "SpiffeId";
const VARIABLE: &str = "SPIFFE_ENDPOINT_SOCKET";
const AGENT: &str = "the SPIFFE agent";

/// A JWT-SVID of the workload as the assertion, asked of the SPIFFE Workload API (SPIRE, Istio, Cilium).
///
/// ```json
/// { "SourceType": "Spiffe" }
/// { "SourceType": "Spiffe", "SpiffeEndpointSocket": "unix:///run/spire/agent.sock", "SpiffeId": "spiffe://contoso.example/orders" }
/// ```
///
/// The agent's socket is `SpiffeEndpointSocket` or `SPIFFE_ENDPOINT_SOCKET`: a Unix socket, or a port of this machine.
/// A workload with several identities has the first that the agent gives, or the one of `SpiffeId`.
#[derive(Clone, Copy, Debug, Default)]
pub struct SpiffeSource;

impl SpiffeSource {
    /// The `SourceType` of its entries.
    pub const SOURCE_TYPE: SourceType = SourceType::known("Spiffe");
}

#[async_trait]
impl CredentialSource for SpiffeSource {
    fn source_type(&self) -> SourceType {
        Self::SOURCE_TYPE
    }

    fn settings(&self) -> &[Setting] {
        const SETTINGS: &[Setting] = &[
            Setting::new(SOCKET, SettingKind::Text, "The agent's socket: `unix:///PATH` or `tcp://127.0.0.1:PORT`.")
                .mistaken(&["EndpointSocket", "SpiffeSocket", "SocketPath", "SPIFFE_ENDPOINT_SOCKET"]),
            Setting::new(ID, SettingKind::Identifier, "Which of the workload's SPIFFE IDs, if it has several."),
            EXCHANGE_URL,
        ];
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let text = |name| entry.text(name).map(str::trim).filter(|text| !text.is_empty());
        let socket = text(SOCKET).map(|text| text.parse::<Endpoint>()).transpose();
        let socket = socket.map_err(|fault| cx.error(bad_socket(SOCKET, fault).about(SOCKET)))?;
        let id = text(ID).map(str::to_owned);
        if id.as_ref().is_some_and(|id| !id.starts_with("spiffe://")) {
            let error = SourceError::misconfigured("spiffe-id", "SpiffeId is not valid: it is no SPIFFE ID").about(ID);
            return Err(cx.error(error.remedy("write spiffe://TRUST-DOMAIN/PATH")));
        }
        Ok(Tokens::loader(entry, cx, Spiffe { socket, id }))
    }

    async fn detect(&self, world: &World) -> Vec<Detected> {
        let set = world.environment.text(VARIABLE);
        set.map(|_| Detected::new("SPIFFE", format!("{VARIABLE} is set"))).into_iter().collect()
    }
}

fn bad_socket(named_by: &str, fault: EndpointFault) -> SourceError {
    SourceError::misconfigured("spiffe-socket", format!("{named_by} {fault}")).remedy(fault.remedy())
}

/// One entry.
#[derive(Debug)]
struct Spiffe {
    socket: Option<Endpoint>,
    id: Option<String>,
}

impl Spiffe {
    fn socket(&self, asking: &Asking<'_>) -> Result<Endpoint, SourceError> {
        if let Some(socket) = &self.socket {
            return Ok(socket.clone());
        }
        let text = asking.variable(VARIABLE).ok_or_else(|| {
            absent(
                "SPIFFE",
                &format!("{VARIABLE} is not set"),
                "run beside a SPIFFE agent, or set SpiffeEndpointSocket",
            )
        })?;
        text.parse::<Endpoint>().map_err(|fault| bad_socket(VARIABLE, fault).settled_locally())
    }

    async fn fetch(&self, asking: &Asking<'_>, socket: &Endpoint) -> Result<Secret, SourceError> {
        let connection = asking.world.connect(socket, asking.deadline).await;
        let connection = connection.map_err(|error| grpc::no_connection(error, socket))?;
        let question = message::question(asking.audience, self.id.as_deref());
        let answer = grpc::call(connection, "/SpiffeWorkloadAPI/FetchJWTSVID", question).await?;
        let svids = message::svids(answer.expose()).ok_or_else(|| grpc::unreadable("it is no JWTSVIDResponse"))?;
        let wanted = |svid: &&message::Svid<'_>| self.id.as_deref().is_none_or(|id| svid.spiffe_id == id);
        match (svids.iter().find(wanted), &self.id) {
            (Some(svid), _) => Ok(Secret::new(svid.token)),
            (None, Some(id)) => {
                let message = format!("{AGENT} gave no JWT-SVID of {id}");
                Err(SourceError::denied("token-not-granted", message)
                    .remedy("correct SpiffeId, or register the workload for it")
                    .about(ID))
            }
            (None, None) => Err(grpc::unreadable("there is no JWT-SVID in it")),
        }
    }
}

#[async_trait]
impl Platform for Spiffe {
    fn name(&self) -> String {
        "SPIFFE".to_owned()
    }

    async fn token(&self, asking: &Asking<'_>) -> Result<Secret, SourceError> {
        let socket = self.socket(asking)?;
        match bounded(&*asking.world.clock, asking.deadline, || self.fetch(asking, &socket)).await {
            Ok(token) => token,
            Err(Unanswered::Late) => {
                Err(SourceError::transient("token-service-timeout", format!("{AGENT} at {socket} timed out"))
                    .remedy("wait: it is asked again"))
            }
            Err(_) => Err(SourceError::transient("token-service-broken", format!("asking {AGENT} panicked"))
                .remedy("report it with the panic's message")),
        }
    }
}
