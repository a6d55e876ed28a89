//! How a service's credentials are loaded, and how a list of them becomes one that works.
//!
//! This crate is the contract between credential sources and whoever uses what they load. It knows no
//! network, no cloud and no OAuth. A source of your own implements [`CredentialSource`]; a
//! [`SourceRegistry`] binds the entries of a configuration to sources; the [`CredentialChain`] that
//! comes of it tries them in order until one is accepted.
//!
//! The feature `testing` adds `testing`: fakes for the outside world, and the conformance suite that
//! any source can run.

mod chain;
pub mod codes;
mod credential;
pub mod flight;
pub mod guard;
pub mod guid;
mod printable;
mod registry;
mod source;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;
mod world;

/// For implementations of the async traits of this crate; see [the crate](https://docs.rs/async-trait).
pub use async_trait::async_trait;
pub use chain::{
    Accepted, Attempt, Candidate, ChainError, ChainPolicy, CredentialChain, EntryStatus, InUse, Outcome, Search,
    SharedError, Verdict,
};
pub use credential::{
    Assertion, AssertionCredential, AssertionProvider, AssertionRequest, CertificateCredential, CertificateFacts,
    Credential, Secret, SecretBytes, SecretCredential, Signer, SigningAlgorithm, SigningRequest,
};
pub use printable::{moves_terminal, printable};
pub use registry::{
    AbsentSource, BindError, Binding, MAX_CREDENTIALS, SourceRegistry, check_form, nearest, unknown_setting, unreplaced,
};
pub use source::{
    Application, BindContext, BindResult, COMMON_SETTINGS, ClientAuthenticationMethod, CredentialDescription,
    CredentialLoader, CredentialSource, Entry, Finding, LoadReason, LoadRequest, Origin, Presentation, ProvidedToken,
    SectionTokens, Setting, SettingKind, Severity, SourceError, SourceErrorKind, SourceType, Standing, TokenFor,
    TokenProvider, TokenProviders, Unbound, Value, causes,
};
pub use world::{
    AddressFault, Challenge, Clock, Command, CommandError, CommandErrorKind, CommandOutput, Commands,
    DEFAULT_COMMAND_TIMEOUT, DEFAULT_MAX_OUTPUT, DEFAULT_MAX_RESPONSE, Environment, FILE_TIMEOUT, FileStamp, Files,
    HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse, LocalFiles, MAX_CHALLENGES, Moment,
    ProcessCommands, ProcessEnvironment, Random, SystemClock, SystemRandom, Task, Tasks, TokioTasks, World,
    check_address, is_loopback, shown_address, shown_path,
};
