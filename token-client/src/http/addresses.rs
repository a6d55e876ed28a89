//! Which addresses a credential or token may be sent to.

use credential_core::Finding;
use credential_core::world::{AddressFault, check_address};
use url::Url;

/// The address, if a credential may go there: https, or http to this machine.
///
/// # Errors
/// A finding that says what is wrong with it; of the address it shows the host alone.
pub(crate) fn credential_bearing(address: &str) -> Result<Url, Box<Finding>> {
    let parsed = Url::parse(address).map_err(|_| AddressFault::NotAbsolute);
    parsed.and_then(|url| check_address(address).map(|()| url)).map_err(|fault| {
        let code = match fault {
            AddressFault::NotProtected => "insecure-address",
            _ => "bad-address",
        };
        let host = Url::parse(address).ok().and_then(|url| url.host_str().map(|host| format!(" of {host}")));
        let message = format!("the address{} {fault}", host.unwrap_or_default());
        Box::new(Finding::error(code, message).remedy(fault.remedy()))
    })
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

    #[test]
    fn user_information_is_refused_and_not_shown() {
        let finding = credential_bearing("https://user:hunter2@login.example/t").unwrap_err();
        let shown = format!("{finding} {:?}", finding.remedy);
        assert!(shown.contains("login.example") && !shown.contains("hunter2") && !shown.contains("user:"), "{shown}");
    }
}
