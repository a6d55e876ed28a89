//! From an appsettings.json to an access token to a downstream call.
