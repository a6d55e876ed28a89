//! The certificates of the recorded cases: throw-away ones, in `golden/wire-state`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::{FromDer, X509Certificate};

/// A certificate that cases call by name.
pub(crate) struct Certificate {
    /// `a` for `a.crt`.
    pub(crate) name: String,
    pub(crate) der: Vec<u8>,
}

impl Certificate {
    fn sha1(&self) -> Vec<u8> {
        digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.der).as_ref().to_vec()
    }

    /// SHA-1 thumbprint in upper-case hex, the bytes joined by `separator`.
    pub(crate) fn thumbprint(&self, separator: &str) -> String {
        self.sha1().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(separator)
    }

    /// `x5t` of RFC 7515 §4.1.7.
    pub(crate) fn x5t(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.sha1())
    }

    /// `x5t#S256` of RFC 7515 §4.1.8.
    pub(crate) fn x5t_s256(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, &self.der))
    }

    /// Whether its key made the signature; RS256 and PS256 alone.
    pub(crate) fn verifies(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        let (_, certificate) = X509Certificate::from_der(&self.der).unwrap();
        let parameters = match algorithm {
            "PS256" => &RSA_PSS_2048_8192_SHA256,
            "RS256" => &RSA_PKCS1_2048_8192_SHA256,
            _ => return false,
        };
        let key = &certificate.public_key().subject_public_key.data;
        UnparsedPublicKey::new(parameters, key).verify(message, signature).is_ok()
    }
}

/// The folder's files by name.
pub(crate) static FILES: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/wire-state");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|file| (file.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(file).unwrap())).collect()
});

/// The certificates in it.
pub(crate) static CERTIFICATES: LazyLock<Vec<Certificate>> = LazyLock::new(|| {
    let pem = FILES.iter().filter_map(|(name, content)| Some((name.strip_suffix(".crt")?, content)));
    pem.map(|(name, content)| {
        let (_, pem) = parse_x509_pem(content).unwrap();
        Certificate { name: name.to_owned(), der: pem.contents }
    })
    .collect()
});

/// The certificate of a file: `$STATE/a.crt`.
pub(crate) fn of_file(path: &str) -> &'static Certificate {
    let name = path.rsplit('/').next().unwrap().trim_end_matches(".crt");
    CERTIFICATES.iter().find(|one| one.name == name).unwrap_or_else(|| panic!("{path} is no known certificate"))
}

/// Of the certificate of the cloud's TLS port (`tls`), which is no file here.
pub(crate) const TLS_THUMBPRINT: &str = "7C1D5A0E93B24F68A1D7E2C35B906F84D3A7E519";
/// The ports of the cloud, as its hosts' addresses have them.
const PORTS: [(&str, &str); 2] = [("$PORT", "8080"), ("$TLSPORT", "8443")];

/// A host as the recorded cases write it.
pub(crate) fn host(host: &str) -> String {
    PORTS.iter().fold(host.to_owned(), |host, (name, port)| host.replace(&format!(":{port}"), &format!(":{name}")))
}

/// A case's text with its placeholders filled in. `$STATE` is `/state` and `$DIR` is `/case`.
pub(crate) fn placed(text: &str) -> String {
    let mut text = text.replace("$STATE", "/state").replace("$DIR", "/case");
    text = PORTS.iter().fold(text, |text, (name, port)| text.replace(name, port));
    text = text.replace("$SHA1HEX(tls)", TLS_THUMBPRINT);
    for (name, content) in FILES.iter() {
        text = text.replace(&format!("$B64({name})"), &BASE64_STANDARD.encode(content));
    }
    for one in CERTIFICATES.iter() {
        let name = &one.name;
        text = text
            .replace(&format!("$SHA1HEX({name})"), &one.thumbprint(""))
            .replace(&format!("$sha1hex({name})"), &one.thumbprint("").to_lowercase())
            .replace(&format!("$SHA1SPACED({name})"), &one.thumbprint(" "))
            .replace(&format!("$SHA1COLONS({name})"), &one.thumbprint(":"));
    }
    text
}
