//! The vault's refusals, worded as the service words them.

use serde_json::json;

use super::reply::Reply;

pub(crate) fn refusal(status: u16, code: &str, inner: Option<&str>, message: &str) -> Reply {
    let mut error = json!({ "code": code, "message": message });
    if let Some(inner) = inner {
        error["innererror"] = json!({ "code": inner });
    }
    Reply::json(status, &json!({ "error": error }))
}

/// A 403 by its inner code.
pub(crate) fn forbidden(inner: &str, operation: &str) -> Reply {
    let (kind, verb) = operation.split_once('/').unwrap_or((operation, "get"));
    let caller = "appid=kvapp;oid=00000000-0000-0000-0000-000000000001;iss=https://sts.windows.net/kvtenant/";
    let message = match inner {
        "ForbiddenByRbac" => format!(
            "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role \
             definitions were changed recently, please observe propagation time.\r\nCaller: {caller}\r\nAction: \
             'Microsoft.KeyVault/vaults/{kind}/{verb}/action'\r\nAssignment: (not found)\r\nVault: myvault;location=westeurope\r\n"
        ),
        "AccessDenied" => format!(
            "The user, group or application '{caller}' does not have {kind} {verb} permission on key vault \
             'myvault;location=westeurope'. For help resolving this issue, please see \
             https://go.microsoft.com/fwlink/?linkid=2125287"
        ),
        "ForbiddenByFirewall" => {
            format!(
                "Client address is not authorized and caller is not a trusted service.\r\nClient address: 203.0.113.7\r\nCaller: {caller}"
            )
        }
        _ => "Caller is not authorized.".to_owned(),
    };
    refusal(403, "Forbidden", Some(inner).filter(|inner| !inner.is_empty()), &message)
}

/// An object that is switched off.
pub(crate) fn disabled(kind: &str, verb: &str) -> Reply {
    let (noun, inner) = match kind {
        "secrets" => ("secret", "SecretDisabled"),
        "keys" => ("key", "KeyDisabled"),
        _ => ("certificate", "CertificateDisabled"),
    };
    refusal(403, "Forbidden", Some(inner), &format!("Operation {verb} is not allowed on a disabled {noun}."))
}

pub(crate) fn not_found(kind: &str, name: &str) -> Reply {
    let (noun, code) = match kind {
        "secrets" => ("secret", "SecretNotFound"),
        "keys" => ("key", "KeyNotFound"),
        _ => ("certificate", "CertificateNotFound"),
    };
    let message = format!(
        "A {noun} with (name/id) {name} was not found in this key vault. If you recently deleted this {noun} you may \
         be able to recover it using the correct recovery command. For help resolving this issue, please see \
         https://go.microsoft.com/fwlink/?linkid=2125182"
    );
    refusal(404, code, None, &message)
}
