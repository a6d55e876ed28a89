//! An authority to develop and test against, offline: on loopback, strict, and able to fail on demand.
//!
//! It plays the token endpoint of Microsoft Entra ID with its discovery documents and keys, and a
//! protected API that accepts the tokens it issues. It checks what it is sent (client secrets, the
//! signature, thumbprint, audience, lifetime and single use of client assertions, federated
//! assertions, incoming user tokens, scopes) and refuses with Entra's error shapes and codes. What it
//! was asked is recorded; requests can be made to fail.
//!
//! ```
//! use token_client::emulator::{EmulatedApp, Emulator, Fault};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let emulator = Emulator::builder()
//!     .tenant("contoso.example")
//!     .app(EmulatedApp::new("app1").secret("s3cret").federated("https://oidc.example", "pod", "api://AzureADTokenExchange"))
//!     .start()
//!     .await?;
//!
//! // For appsettings.json: "Instance": emulator.instance(), "TenantId": "contoso.example".
//! assert!(emulator.token_endpoint().ends_with("/contoso.example/oauth2/v2.0/token"));
//!
//! // What a pod would find in its token file, and what a web API would be called with.
//! let assertion = emulator.mint_federated("https://oidc.example", "pod", "api://AzureADTokenExchange")?;
//! let incoming = emulator.mint_user_token("ada@contoso.example", "app1", "access_as_user")?;
//! # let _ = (assertion, incoming);
//!
//! // The next request to the token endpoint is answered with 503; after that, all is well.
//! emulator.fail(Fault::status(503).retry_after(2).on("/oauth2/v2.0/token").times(1));
//!
//! // ... run what is to be tested ...
//!
//! for request in emulator.requests() {
//!     println!("{} {} {:?}: {}", request.method, request.path, request.form("grant_type"), request.verdict);
//! }
//! # Ok::<(), token_client::emulator::EmulatorError>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What differs from the real thing, on purpose: plain `http` on 127.0.0.1 unless it is told to have TLS
//! ([`EmulatorBuilder::tls`], for clients that insist on it); every tenant knows every app and resource; nobody
//! can sign in, so users come by [`Emulator::mint_user_token`]; a client assertion may be used once (RFC 7523 §3
//! lets an authority demand that); its lifetime may be ten minutes at most, which Entra's documentation asks for
//! and its servers do not enforce.
//!
//! A tenant has its name and an id; tokens and Entra's metadata (`/TENANT/v2.0/...`) have the id, whatever was
//! asked by. Below `/TENANT/.well-known/` it is a generic OpenID provider, whose tokens say so.

mod answer;
mod api;
mod app;
mod assertion;
mod authority;
mod builder;
mod certificate;
mod claims;
mod error;
mod fault;
mod federated;
mod guid;
mod issuer;
mod jwt;
mod keys;
mod local;
mod observer;
mod on_behalf_of;
mod origin;
mod page;
mod presented;
mod record;
mod refusal;
mod reply;
mod resource;
mod running;
mod server;
mod state;
mod time;
mod tls;
mod token;
mod user;

pub use app::EmulatedApp;
pub use builder::EmulatorBuilder;
pub use error::EmulatorError;
pub use fault::Fault;
pub use issuer::TokenVersion;
#[cfg(feature = "cli")]
pub(crate) use local::USER_TOKEN;
pub use observer::EmulatorEvent;
pub use record::RecordedRequest;
pub use resource::EmulatedResource;
pub use running::Emulator;
pub use tls::EmulatedTls;
