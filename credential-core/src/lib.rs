//! How a service's credentials are loaded, and how a list of them becomes one that works.
//!
//! This crate is the contract between credential sources and whoever uses what they load. It knows no
//! network, no cloud and no OAuth. A source of your own implements [`CredentialSource`]; a
//! [`SourceRegistry`] binds the entries of a configuration to sources; the [`CredentialChain`] that
//! comes of it tries them in order until one is accepted.
//!
//! The feature `testing` adds `testing`: fakes for the outside world, and the conformance suite that
//! any source can run.

mod address;
mod assertion;
mod attempt;
mod backoff;
mod bind_context;
mod binding;
mod chain;
mod credential;
mod description;
mod error;
mod failback;
mod file;
mod finding;
pub mod flight;
pub mod guard;
mod http;
mod in_use;
mod local_files;
mod memory;
mod origin;
mod presented;
mod printable;
mod real;
mod refusals;
mod registry;
mod secret;
mod selection;
mod setting;
mod shown_address;
mod signer;
mod slot;
mod source;
mod source_type;
mod spelling;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;
mod tokens;
mod turn;
mod world;

pub use address::{AddressFault, check_address, is_loopback};
pub use assertion::{Assertion, AssertionProvider, AssertionRequest};
pub use attempt::{Accepted, Attempt, ChainError, Outcome, SharedError};
pub use bind_context::{BindContext, Unbound};
pub use chain::{Candidate, ChainPolicy, CredentialChain, EntryStatus, Search, Verdict};
pub use credential::{AssertionCredential, CertificateCredential, CertificateFacts, Credential, SecretCredential};
pub use description::{CredentialDescription, Entry, Value};
pub use error::{SourceError, SourceErrorKind, causes};
pub use finding::{Finding, Severity};
pub use http::{DEFAULT_MAX_RESPONSE, HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse};
pub use in_use::InUse;
pub use local_files::{FILE_TIMEOUT, LocalFiles};
pub use origin::Origin;
pub use printable::{moves_terminal, printable};
pub use real::{ProcessEnvironment, SystemClock, SystemRandom, TokioTasks};
pub use registry::{AbsentSource, BindError, Binding, MAX_CREDENTIALS, SourceRegistry};
pub use secret::{Secret, SecretBytes};
pub use setting::{COMMON_SETTINGS, Setting, SettingKind};
pub use shown_address::{shown_address, shown_path};
pub use signer::{Signer, SigningAlgorithm, SigningRequest};
pub use source::{Application, BindResult, CredentialLoader, CredentialSource, LoadReason, LoadRequest};
pub use source_type::SourceType;
pub use spelling::{nearest, unreplaced};
pub use tokens::{ProvidedToken, TokenFor, TokenProvider, TokenProviders};
pub use world::{Clock, Environment, FileStamp, Files, Moment, Random, Task, Tasks, World};
