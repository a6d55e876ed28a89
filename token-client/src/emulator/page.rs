//! Pages for people: what stands at the addresses that are there for a browser.

use super::record::RecordedRequest;
use super::reply::Reply;

const SIGN_IN: &str = "Nobody can sign in here. For a user's token run <code>token-client emulator user --name NAME</code>, \
                       or call <code>Emulator::mint_user_token</code>.";

/// In place of the page to sign in at.
pub(crate) fn sign_in() -> Reply {
    page("The emulator has no sign-in", SIGN_IN)
}

/// What `error_uri` of a refusal leads to.
pub(crate) fn error(request: &RecordedRequest) -> Reply {
    let code = request.query("code").filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
    let title = code.map_or_else(|| "An error of the emulator".to_owned(), |code| format!("AADSTS{code}"));
    page(
        &title,
        "The <code>error_description</code> beside this address says what is wrong. Codes are those of \
         <a href=\"https://learn.microsoft.com/entra/identity-platform/reference-error-codes\">Microsoft Entra ID</a>.",
    )
}

fn page(title: &str, text: &str) -> Reply {
    let page = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\n<h1>{title}</h1>\n<p>{text}</p>\n"
    );
    Reply::new(200, page)
        .header("content-type", "text/html; charset=utf-8")
        .header("content-security-policy", "default-src 'none'")
}
