//! What a call sends.

use std::borrow::Cow;

use credential_core::Finding;
use credential_core::credential::SecretBytes;
use credential_core::source::Origin;

use super::StreamBody;
use crate::http::media_type;
use crate::settings::{DownstreamOptions, Located};

/// What JSON is sent as, where the section has no JSON type of its own.
const JSON: &str = "application/json; charset=utf-8";
/// What text is sent as, where the section has no type of its own.
const TEXT: &str = "text/plain; charset=utf-8";

/// A call's body.
#[derive(Clone)]
pub(crate) enum Body {
    /// JSON.
    Json(SecretBytes),
    /// Text in UTF-8.
    Text(SecretBytes),
    /// Bytes of that media type, if any was given.
    Bytes(SecretBytes, Option<String>),
    /// What comes in pieces.
    Stream(StreamBody),
}

/// A body as it is sent: its media type and what it consists of.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) content_type: Option<String>,
    pub(crate) bytes: SecretBytes,
    pub(crate) stream: Option<StreamBody>,
}

impl Body {
    /// How long it is, where that is known.
    pub(crate) fn length(&self) -> Option<u64> {
        match self {
            Self::Json(bytes) | Self::Text(bytes) | Self::Bytes(bytes, _) => u64::try_from(bytes.len()).ok(),
            Self::Stream(stream) => stream.length,
        }
    }

    /// The body with its media type: the call's, else the section's, else that of what it is.
    ///
    /// # Errors
    /// When the section says that it is of another kind, or no request can carry the type.
    pub(crate) fn outgoing(&self, options: &DownstreamOptions) -> Result<Outgoing, Box<Finding>> {
        let configured = options.content_type.as_ref().filter(|text| text.origin != Origin::Default);
        let configured = configured.filter(|text| !text.value.trim().is_empty());
        let (content_type, bytes) = match self {
            Self::Json(bytes) => json(bytes, configured)?,
            Self::Text(bytes) => (Some(configured.map_or(TEXT.into(), |text| utf8(&text.value))), bytes.clone()),
            Self::Bytes(bytes, own) => (given(own.as_deref(), configured), bytes.clone()),
            Self::Stream(stream) => (given(stream.content_type.as_deref(), configured), SecretBytes::new(Vec::new())),
        };
        if let Some(content_type) = &content_type {
            media_type::check(content_type)?;
        }
        let stream = match self {
            Self::Stream(stream) => Some(stream.clone()),
            _ => None,
        };
        Ok(Outgoing { content_type: content_type.map(Cow::into_owned), bytes, stream })
    }
}

impl Outgoing {
    /// The body of a call that has none.
    pub(crate) fn none() -> Self {
        Self { content_type: None, bytes: SecretBytes::new(Vec::new()), stream: None }
    }
}

/// The call's own media type, else the section's.
fn given<'a>(own: Option<&'a str>, configured: Option<&'a Located<String>>) -> Option<Cow<'a, str>> {
    own.or(configured.map(|text| text.value.trim())).map(Cow::Borrowed)
}

/// A text type says its encoding.
fn utf8(media_type: &str) -> Cow<'_, str> {
    let media_type = media_type.trim();
    match media_type::is_text(media_type) && media_type::parameter(media_type, "charset").is_none() {
        true => format!("{media_type}; charset=utf-8").into(),
        false => media_type.into(),
    }
}

/// JSON as the section has it: a text alone goes as text where the section says that bodies are.
fn json<'a>(
    bytes: &SecretBytes,
    configured: Option<&'a Located<String>>,
) -> Result<(Option<Cow<'a, str>>, SecretBytes), Box<Finding>> {
    let Some(text) = configured else { return Ok((Some(JSON.into()), bytes.clone())) };
    let own = text.value.trim();
    if own.eq_ignore_ascii_case("application/json") {
        return Ok((Some(JSON.into()), bytes.clone()));
    }
    if media_type::is_json(own) {
        return Ok((Some(own.into()), bytes.clone()));
    }
    if media_type::is_text(own)
        && let Ok(raw) = serde_json::from_slice::<String>(bytes.expose())
    {
        return Ok((Some(utf8(own)), SecretBytes::new(raw)));
    }
    let message = "ContentType is not a JSON type, and the call sends JSON";
    let finding = Finding::error("content-type-not-json", message).remedy("send it with bytes(..)");
    Err(Box::new(finding.at(&text.path, text.origin.clone())))
}
