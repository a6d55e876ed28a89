//! From an appsettings.json to an access token to a downstream call.

pub mod authority;
pub mod settings;
