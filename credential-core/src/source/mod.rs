//! The plug-in contract: what a source is, what it makes of an entry, and what that is told when it loads.

mod application;
mod bind_context;
mod description;
mod detected;
mod error;
mod finding;
mod load_request;
mod origin;
mod presentation;
mod setting;
mod source_type;

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::tokens::TokenProvider;
use crate::{Credential, World};

pub use application::Application;
pub use bind_context::{BindContext, Unbound};
pub use description::{CredentialDescription, Entry, Value};
pub use detected::Detected;
pub use error::{SourceError, SourceErrorKind, causes, told};
pub use finding::{Finding, Severity};
pub use load_request::{LoadReason, LoadRequest};
pub use origin::Origin;
pub use presentation::{ClientAuthenticationMethod, Presentation};
pub use setting::{COMMON_SETTINGS, Setting, SettingKind, Standing};
pub use source_type::SourceType;

/// Knows one source type: what an entry of it can say, and how to make a loader of it.
///
/// A source of your own, whole:
///
/// ```
/// use std::sync::Arc;
///
/// use async_trait::async_trait;
/// use credential_core::{
///     BindContext, BindResult, Credential, CredentialDescription, CredentialLoader, CredentialSource, LoadRequest,
///     Setting, SettingKind, SourceError, SourceType,
/// };
///
/// /// Reads a client secret from an environment variable that the entry names.
/// #[derive(Debug)]
/// struct VariableSource;
///
/// impl CredentialSource for VariableSource {
///     fn source_type(&self) -> SourceType {
///         SourceType::known("Variable")
///     }
///
///     fn settings(&self) -> &[Setting] {
///         const SETTINGS: &[Setting] =
///             &[Setting::new("VariableName", SettingKind::Text, "The variable with the secret.").required()];
///         SETTINGS
///     }
///
///     fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
///         Ok(Arc::new(Variable { name: cx.required(entry, "VariableName")?.expose().to_owned() }))
///     }
/// }
///
/// /// One entry.
/// #[derive(Debug)]
/// struct Variable {
///     name: String,
/// }
///
/// #[async_trait]
/// impl CredentialLoader for Variable {
///     async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
///         let name = &self.name;
///         match request.world.environment.var(name).filter(|value| !value.is_empty()) {
///             Some(secret) => Ok(Credential::secret(format!("variable {name}"), secret)),
///             None => Err(SourceError::not_applicable("variable-not-set", format!("{name} is not set"))
///                 .about("VariableName")
///                 .settled_locally()),
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait CredentialSource: Debug + Send + Sync {
    /// The `SourceType` that selects this source.
    fn source_type(&self) -> SourceType;

    /// What an entry of this source can be told. Declared once; feeds validation, spelling hints,
    /// redaction, `doctor`, the schema and the docs.
    fn settings(&self) -> &[Setting];

    /// Names that people write as `SourceType` when they mean this source: an entry with one of them is refused, and
    /// told the right one. None unless the source says so.
    fn mistaken(&self) -> &[&'static str] {
        &[]
    }

    /// Reads the entry, once and without I/O, into a loader. Presence, spelling and shape of single
    /// settings have been checked, from [`settings`](Self::settings); whatever else is wrong or
    /// noteworthy goes into `cx`: conflicts, choices, values that cannot be.
    ///
    /// It is not called for an entry with a misspelt or missing setting: what such an entry means is not known.
    ///
    /// Nothing is read from the entry later: what it says is in the loader, and so is whatever is to be
    /// remembered from one load to the next.
    ///
    /// # Errors
    /// [`Unbound`], which comes of an error that `cx` was told, and of nothing else.
    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult;

    /// The platforms of this machine that an entry of this source would work with, for whoever looks for one
    /// (`doctor`): by variables and files, in moments; nobody is asked over a network. None unless the source
    /// says so; an implementation of it has `#[async_trait]` before its `impl`.
    async fn detect(&self, world: &World) -> Vec<Detected> {
        let _ = world;
        Vec::new()
    }

    /// Tokens of the identity that the entry names, for any resource and without an exchange: a managed identity's.
    /// Read as [`bind`](Self::bind) reads it.
    ///
    /// `Ok(None)`, as it is without a word, where the entry's credential is exchanged for tokens.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    fn tokens(
        &self,
        entry: &CredentialDescription,
        cx: &mut BindContext<'_>,
    ) -> Result<Option<Arc<dyn TokenProvider>>, Unbound> {
        let _ = (entry, cx);
        Ok(None)
    }
}

/// What [`CredentialSource::bind`] gives.
pub type BindResult = Result<Arc<dyn CredentialLoader>, Unbound>;

/// One entry, bound: holds what was read of it and what it remembers.
///
/// A loader owns its freshness. [`load`](Self::load) is asked at every exchange and may hand back
/// [`LoadRequest::previous`] while that still stands; after [`LoadReason::Rejected`] it must look for
/// new material, and may hand back the previous one only when there is none. It starts no thread and
/// no task of its own.
#[async_trait]
pub trait CredentialLoader: Debug + Send + Sync {
    /// Gives the credential, or why there is none.
    ///
    /// Must be cancel-safe: the future may be dropped at any await. Must answer by
    /// [`LoadRequest::deadline`].
    ///
    /// # Errors
    /// By [`SourceErrorKind`]; the list goes on with the next entry whatever
    /// the kind is. Name the setting at fault with [`SourceError::about`]: its path and place are
    /// filled in by whoever holds the entry.
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError>;
}

/// A pointer to a source is one.
macro_rules! forwarded {
    ($($pointer:ident)*) => {$(
        #[async_trait]
        impl<T: CredentialSource + ?Sized> CredentialSource for $pointer<T> {
            fn source_type(&self) -> SourceType {
                (**self).source_type()
            }

            fn settings(&self) -> &[Setting] {
                (**self).settings()
            }

            fn mistaken(&self) -> &[&'static str] {
                (**self).mistaken()
            }

            fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
                (**self).bind(entry, cx)
            }

            async fn detect(&self, world: &World) -> Vec<Detected> {
                (**self).detect(world).await
            }

            fn tokens(
                &self,
                entry: &CredentialDescription,
                cx: &mut BindContext<'_>,
            ) -> Result<Option<Arc<dyn TokenProvider>>, Unbound> {
                (**self).tokens(entry, cx)
            }
        }
    )*};
}

forwarded!(Arc Box);
