#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]
//!
//! What a source is written with stands at the root. The rest is grouped by who needs it:
//!
//! | module | holds |
//! |---|---|
//! | [`source`] | an entry and what a source says of it: settings, findings, errors, load requests |
//! | [`credential`] | what is loaded: secrets, certificates with their signers and decrypters, assertions with their providers |
//! | [`registry`] | binding a list: what it is bound with, and everything that is wrong with it |
//! | [`chain`] | presenting a list: candidates, verdicts, attempts, what is in use |
//! | [`tokens`] | tokens that a loader needs to reach its material |
//! | [`world`] | the outside world, injected: HTTP, files, commands, sockets, environment, clock, randomness, tasks |
//! | [`flight`], [`guard`] | one piece of work for many callers; code that is not ours, bounded |
//! | [`retry`] | how long what failed is left alone, and when a request is sent again |
//! | [`text`] | what may be shown, what was meant, what is a placeholder |
//! | [`codes`] | codes of findings that another crate decides by |
//!
//! Every call into the [`World`] has a deadline and guards against whoever wrote what is behind it. An HTTP
//! request that asks for more than every client can do (a [`ClientCertificate`](world::ClientCertificate), a
//! [`ServerTrust`](world::ServerTrust) of its own, a Unix socket) is refused before anything is sent where the
//! client does not say that it [`can`](world::HttpClient::can).
//!
//! The feature `testing` adds `testing`: fakes for the outside world, and the conformance suite that
//! any source can run.

pub mod chain;
pub mod codes;
pub mod credential;
pub mod flight;
pub mod guard;
pub mod registry;
pub mod retry;
pub mod source;
mod spans;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;
pub mod tokens;
pub mod world;

/// For implementations of the async traits of this crate; see [the crate](https://docs.rs/async-trait).
pub use async_trait::async_trait;
pub use chain::CredentialChain;
pub use credential::{Credential, Secret};
pub use registry::SourceRegistry;
pub use source::{
    BindContext, BindResult, CredentialDescription, CredentialLoader, CredentialSource, Finding, LoadRequest, Setting,
    SettingKind, Severity, SourceError, SourceErrorKind, SourceType, Unbound,
};
pub use world::World;
