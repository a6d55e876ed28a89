//! The certificates and keys in a file, and which key belongs to which certificate.

use credential_core::SourceError;

use crate::certificate;
use crate::private_key::PrivateKey;
use crate::public_key::PublicKey;
use crate::x509::Certificate;

/// What was read, before anything is joined.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    /// Certificates in DER, those first that are looked at first for the leaf.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// Keys, or why there is none to be had.
    pub(crate) keys: Vec<Result<PrivateKey, SourceError>>,
}

/// A leaf with its chain, and its key where it has one.
#[derive(Debug)]
pub(crate) struct Holding {
    /// Leaf first, each next one the issuer of the one before.
    pub(crate) chain: Vec<Vec<u8>>,
    /// How many certificates came along that are not in the chain.
    pub(crate) unused: usize,
    /// The leaf's key; `None` without any key in the file.
    pub(crate) key: Option<Result<PrivateKey, SourceError>>,
}

impl Holding {
    /// The leaf in DER.
    pub(crate) fn leaf(&self) -> &[u8] {
        self.chain.first().map(Vec::as_slice).unwrap_or_default()
    }
}

impl Pieces {
    /// Takes over what another file holds.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.certificates.append(&mut other.certificates);
        self.keys.append(&mut other.keys);
    }

    /// Joins: the leaf is the first certificate that one of the keys belongs to, else the first.
    ///
    /// Names and ids in the file play no part: they are often missing, and sometimes wrong.
    pub(crate) fn join(self) -> Result<Holding, SourceError> {
        let Self { certificates, keys } = self;
        let parsed = certificates.iter().map(|der| Parsed::of(der)).collect::<Result<Vec<_>, _>>()?;
        let (leaf, key) = choose(&certificates, &parsed, keys)?;
        let order = order_by_issuer(&parsed, leaf);
        let unused = certificates.len() - order.len();
        let chain = order.iter().filter_map(|&index| certificates.get(index).cloned()).collect();
        Ok(Holding { chain, unused, key })
    }
}

/// What joins a certificate with others and with its key: parts of its DER, since a certificate that
/// is taken apart whole is many times as large.
struct Parsed<'a> {
    subject: &'a [u8],
    issuer: &'a [u8],
    key_info: &'a [u8],
}

impl<'a> Parsed<'a> {
    fn of(der: &'a [u8]) -> Result<Self, SourceError> {
        let Certificate { subject, issuer, key_info, .. } = certificate::parse(der)?;
        Ok(Self { subject, issuer, key_info })
    }
}

type Choice = (usize, Option<Result<PrivateKey, SourceError>>);

fn choose(
    certificates: &[Vec<u8>],
    parsed: &[Parsed<'_>],
    keys: Vec<Result<PrivateKey, SourceError>>,
) -> Result<Choice, SourceError> {
    if parsed.is_empty() {
        return Err(without_certificate(!keys.is_empty()));
    }
    let mut failure = None;
    let mut usable = Vec::new();
    for key in keys {
        match key.and_then(|key| Ok((key.public()?, key))) {
            Ok(pair) => usable.push(pair),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    for (index, certificate) in parsed.iter().enumerate() {
        let public = certificate::public_key_of(certificate.key_info)?;
        if let Some(fitting) = usable.iter().position(|(found, _)| *found == public) {
            return Ok((index, Some(Ok(usable.swap_remove(fitting).1))));
        }
    }
    let foreign = usable.first().map(|(key, _)| does_not_belong(key, certificates.first()));
    Ok((0, failure.or(foreign).map(Err)))
}

fn does_not_belong(key: &PublicKey, leaf: Option<&Vec<u8>>) -> SourceError {
    let facts = leaf.and_then(|der| certificate::certificate_facts(der).ok());
    let shown = facts.map_or_else(|| "the certificate".to_owned(), |facts| certificate::shown(&facts));
    SourceError::invalid("key-does-not-belong", format!("the private key ({key}) does not belong to {shown}"))
        .remedy("put key and certificate of the same request together; compare: openssl x509 -in CERT -noout -pubkey, openssl pkey -in KEY -pubout")
}

fn without_certificate(has_key: bool) -> SourceError {
    if has_key {
        SourceError::invalid("key-without-certificate", "there is a private key and no certificate")
            .remedy("add the certificate: openssl pkcs12 -export -inkey KEY -in CERT -out new.pfx")
    } else {
        SourceError::invalid("no-certificate", "there is neither certificate nor key in it")
            .remedy("export the certificate with its private key anew, as PFX or PEM")
    }
}

/// Longest chain that is put together; the longest in the wild have five.
const MAX_CHAIN: usize = 16;

/// The leaf, then whoever issued it, as far as that is there. A self-signed certificate ends it.
fn order_by_issuer(parsed: &[Parsed<'_>], leaf: usize) -> Vec<usize> {
    let mut order = vec![leaf];
    let mut current = leaf;
    while let Some(certificate) = parsed.get(current) {
        if certificate.issuer == certificate.subject || order.len() == MAX_CHAIN {
            break;
        }
        let next = parsed
            .iter()
            .enumerate()
            .position(|(index, candidate)| candidate.subject == certificate.issuer && !order.contains(&index));
        match next {
            Some(next) => order.push(next),
            None => break,
        }
        current = order.last().copied().unwrap_or(leaf);
    }
    order
}
