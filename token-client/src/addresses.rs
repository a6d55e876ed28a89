//! Which addresses a credential or token may be sent to.

use credential_core::Finding;
use url::Url;

use crate::settings::is_loopback;

/// The address, if a credential may go there: https, or http to this machine.
///
/// # Errors
/// A finding that says what the address is instead.
pub(crate) fn credential_bearing(address: &str) -> Result<Url, Box<Finding>> {
    let url = Url::parse(address).map_err(|_| {
        let bad = Finding::error("bad-address", format!("{address:?} is no absolute address"));
        Box::new(bad.remedy("write https://HOST/..."))
    })?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        scheme => Err(Finding::error(
            "insecure-address",
            format!(
                "{scheme}://{} is not protected: a credential goes to https addresses alone",
                url.host_str().unwrap_or_default()
            ),
        )
        .remedy("write https://; http is for 127.0.0.1, [::1] and localhost")
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_for_this_machine_alone() {
        for good in ["https://login.example/t", "http://127.0.0.1:1/t", "http://[::1]/", "http://localhost:8/"] {
            assert!(credential_bearing(good).is_ok(), "{good}");
        }
        for bad in ["http://login.example/t", "http://127.0.0.1.evil.example/", "ftp://localhost/", "login.example"] {
            assert!(credential_bearing(bad).is_err(), "{bad}");
        }
    }
}
