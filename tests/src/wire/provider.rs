//! The provider of the recorded cases: gives the file that its data names, throws, or gives nothing.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use credential_core::SourceError;
use credential_core::credential::{Assertion, AssertionProvider, AssertionRequest};
use credential_federated::{CustomSignedAssertionSource, ProviderData};
use serde_json::Value;

#[derive(Debug)]
struct Provider {
    behaviour: Value,
    file: String,
}

#[async_trait]
impl AssertionProvider for Provider {
    async fn assertion(&self, request: &AssertionRequest<'_>) -> Result<Assertion, SourceError> {
        if let Some(message) = self.behaviour.get("throw").or_else(|| self.behaviour.get("skip_and_throw")) {
            return Err(SourceError::transient("thrown", message.as_str().unwrap()));
        }
        if self.behaviour["nothing"] == true {
            return Ok(Assertion::new("", None));
        }
        let content = request.world.files.read(Path::new(&self.file), 65_536).await.unwrap();
        Ok(Assertion::new(String::from_utf8_lossy(content.expose()).into_owned(), None))
    }
}

/// The source with the providers that the case registers.
pub(crate) fn source(providers: &Value) -> CustomSignedAssertionSource {
    let providers = providers.as_object().into_iter().flatten();
    providers.fold(CustomSignedAssertionSource::new(), |source, (name, behaviour)| {
        let behaviour = behaviour.clone();
        source.with_factory(name, move |data: &ProviderData| {
            let file = data.text("File").unwrap_or_default().to_owned();
            Ok(Arc::new(Provider { behaviour: behaviour.clone(), file }))
        })
    })
}
