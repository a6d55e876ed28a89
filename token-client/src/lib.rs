//! From an appsettings.json to an access token to a downstream call.

pub mod authority;
#[cfg(feature = "testing")]
pub mod emulator;
pub mod settings;
