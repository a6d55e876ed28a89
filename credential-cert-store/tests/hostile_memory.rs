//! What a hostile file costs: seconds and bytes, whatever it declares.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails says where")]

mod golden;

use std::time::{Duration, Instant};

use base64::Engine;
use credential_cert_store::{MAX_CONTENT, Material};
use credential_core::Secret;

/// Memory that reading one file may take beside the file itself.
const MOST_BYTES: u64 = 16 * 1024 * 1024;
/// A second in a release build; the rest is for debug builds on a busy machine.
const MOST_TIME: Duration = Duration::from_secs(5);

const PKCS7_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
const CERT_BAG: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x03";
const KEY_BAG: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01";
const NESTED_BAG: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x06";
const X509: &[u8] = b"\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01";
const VERSION_3: &[u8] = b"\x02\x01\x03";

/// An element in DER.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let mut out = vec![tag];
    match body.len() {
        short @ 0..=127 => out.push(u8::try_from(short).unwrap()),
        long => {
            out.push(0x83);
            out.extend_from_slice(long.to_be_bytes().last_chunk::<3>().unwrap());
        }
    }
    out.extend_from_slice(&body);
    out
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(0x30, parts)
}

/// An open end around the content, so many times.
fn wrapped(tag: u8, levels: usize, content: &[u8]) -> Vec<u8> {
    [[tag, 0x80].repeat(levels), content.to_vec(), [0, 0].repeat(levels)].concat()
}

fn data(content: &[u8]) -> Vec<u8> {
    sequence(&[PKCS7_DATA, &element(0xA0, &[&element(4, &[content])])])
}

/// A PFX without MAC and encryption.
fn pfx(bags: &[u8]) -> Vec<u8> {
    sequence(&[VERSION_3, &data(&sequence(&[&data(&sequence(&[bags]))]))])
}

fn bag(kind: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[kind, &element(0xA0, &[value])])
}

fn certificate_bag(certificate: &[u8]) -> Vec<u8> {
    bag(CERT_BAG, &sequence(&[X509, &element(0xA0, &[&element(4, &[certificate])])]))
}

fn pem(label: &str, body: &str) -> String {
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

/// As many repetitions as a file may have, with room for what is put around them.
fn filled(piece: &[u8]) -> Vec<u8> {
    piece.repeat((usize::try_from(MAX_CONTENT).unwrap() - 4096) / piece.len())
}

fn self_signed() -> (Vec<u8>, Vec<u8>) {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
    (certificate.der().to_vec(), key.serialize_der())
}

/// A certificate with the given issuer and extensions in it.
fn certificate(issuer: &[u8], extensions: &[u8]) -> Vec<u8> {
    let sha256_with_rsa = sequence(&[b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"]);
    let validity = sequence(&[b"\x17\x0d200101000000Z", b"\x17\x0d400101000000Z"]);
    let key = sequence(&[
        &sequence(&[b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"]),
        &element(3, &[b"\0", &sequence(&[b"\x02\x01\x05\x02\x01\x03"])]),
    ]);
    let extensions = element(0xA3, &[&sequence(&[extensions])]);
    let parts: [&[u8]; 8] = [
        b"\xa0\x03\x02\x01\x02\x02\x01\x01",
        &sha256_with_rsa,
        &sequence(&[issuer]),
        &validity,
        &sequence(&[]),
        &key,
        &extensions,
        &[],
    ];
    sequence(&[&sequence(&parts), &sha256_with_rsa, b"\x03\x02\x00\x00"])
}

/// Binary files that were made to cost much.
fn hostile_der() -> Vec<(&'static str, Vec<u8>)> {
    let (leaf, key) = self_signed();
    let plain_key = bag(KEY_BAG, &key);
    let name = b"\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01a";
    let extension = b"\x30\x07\x06\x01\x2a\x04\x02\x05\x00";
    vec![
        ("length of 2 GiB", b"\x30\x84\x7f\xff\xff\xff\x02\x01\x03".to_vec()),
        ("length of 2^64", b"\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff\x02\x01\x03".to_vec()),
        ("length of 2 GiB inside", sequence(&[VERSION_3, b"\x30\x84\x7f\xff\xff\xff"])),
        ("open ends in open ends", filled(&[0x30, 0x80])),
        ("strings in strings", [b"\x30\x80".to_vec(), filled(&[0x24, 0x80])].concat()),
        ("closed strings in strings", sequence(&[&(0..700).fold(vec![4, 0], |inner, _| element(0x24, &[&inner]))])),
        ("sequences around 1 MiB", wrapped(0x30, 15, &element(4, &[&filled(&[0])]))),
        ("strings around 1 MiB", wrapped(0x30, 1, &wrapped(0x24, 14, &element(4, &[&filled(&[0])])))),
        ("a string in pieces", wrapped(0x30, 1, &[VERSION_3, &wrapped(0x24, 1, &filled(&[4, 1, 0]))].concat())),
        ("a string in empty pieces", wrapped(0x30, 1, &[VERSION_3, &wrapped(0x24, 1, &filled(&[4, 0]))].concat())),
        (
            "a string in pieces of pieces",
            wrapped(0x30, 1, &[VERSION_3, &wrapped(0x24, 1, &filled(b"\x24\x80\x04\x01\0\0\0"))].concat()),
        ),
        ("bags with nothing", pfx(&filled(&bag(CERT_BAG, &[])))),
        ("bags with broken certificates", pfx(&filled(&certificate_bag(b"\x30\0")))),
        ("bags of unknown kind", pfx(&filled(&bag(b"\x06\x01\x2a", &[])))),
        ("bags in bags", pfx(&(0..60).fold(certificate_bag(&leaf), |inner, _| bag(NESTED_BAG, &sequence(&[&inner]))))),
        ("bags with the same certificate", pfx(&certificate_bag(&leaf).repeat(1000))),
        ("as many keys as certificates", pfx(&[certificate_bag(&leaf), plain_key.clone()].concat().repeat(512))),
        ("keys alone", pfx(&plain_key.repeat(1024))),
        ("contents with nothing", sequence(&[VERSION_3, &data(&sequence(&[&filled(&data(&sequence(&[])))]))])),
        ("a certificate with a long name", certificate(&filled(name), &[])),
        ("a certificate with many extensions", certificate(&[], &filled(extension))),
        (
            "certificates with long names",
            pfx(&certificate_bag(&certificate(&name.repeat(2000), &extension.repeat(2000))).repeat(20)),
        ),
    ]
}

/// Text that was made to cost much.
fn hostile_text() -> Vec<(&'static str, Vec<u8>)> {
    let base64 = |content: &[u8]| base64::engine::general_purpose::STANDARD.encode(content);
    let certificate = base64(&self_signed().0);
    vec![
        ("PEM with thousands of blocks", filled(pem("CERTIFICATE", "MAA=").as_bytes())),
        ("PEM with thousands of empty blocks", filled(pem("X", "").as_bytes())),
        ("PEM with thousands of beginnings", filled(b"-----BEGIN X-----\n")),
        ("PEM with beginnings of two kinds", filled(b"-----BEGIN X----------BEGIN CERTIFICATE-----")),
        ("PEM with a thousand certificates", pem("CERTIFICATE", &certificate).repeat(1000).into_bytes()),
        ("PEM with dashes alone", filled(b"-----BEGIN ")),
        ("PEM of one long block", pem("CERTIFICATE", &String::from_utf8(filled(b"A")).unwrap()).into_bytes()),
        ("PEM in UTF-16 without end", [b"\xff\xfe".to_vec(), filled(b"\xff\x20")].concat()),
        ("base64 alone", filled(b"MIIJ")),
        ("white space", filled(b" ")),
        ("base64 of base64", base64(&filled(b"M")[..700_000]).into_bytes()),
    ]
}

fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    [hostile_der(), hostile_text()].concat()
}

#[expect(clippy::disallowed_methods, reason = "the time that it takes in the real world")]
fn cost(content: &[u8], password: Option<&Secret>) -> (u64, Duration, String) {
    let mut outcome = String::new();
    let started = Instant::now();
    let taken = allocation_counter::measure(|| {
        outcome = match Material::from_bytes(content, password)
            .map(|material| material.into_credential("hostile", golden::now()))
        {
            Ok(Ok(_)) => "loads".to_owned(),
            Ok(Err(error)) | Err(error) => error.to_string(),
        };
    });
    (taken.bytes_max, started.elapsed(), outcome)
}

fn check<'a>(files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) {
    let password = Secret::from("pw");
    let mut wrong = Vec::new();
    for (name, content) in files {
        assert!(content.len() as u64 <= MAX_CONTENT, "{name} is too large to be read at all");
        for password in [Some(&password), None] {
            let (bytes, time, outcome) = cost(&content, password);
            if bytes >= MOST_BYTES || time >= MOST_TIME {
                wrong.push(format!("{name}: {bytes} bytes, {time:?}: {outcome}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_made_to_cost_much_costs_little() {
    check(hostile());
}

/// Iterations in the MAC and in either kind of encryption, recorded files.
#[test]
fn iterations_without_end_are_not_begun() {
    const BEYOND: &[&str] = &[
        "h-kdf-iter-1e9-nullpw.pfx",
        "h-kdf-iter-1e9.pfx",
        "h-kdf-iter-2p31.pfx",
        "h-kdf-iter-2p63.pfx",
        "h-kdf-key-only-1e9.pfx",
        "h-kdf3des-iter-1e9.pfx",
        "h-mac-iter-1e9.pfx",
        "h-mac-iter-2p31-1.pfx",
        "h-mac-iter-2p31.pfx",
        "h-mac-iter-2p32p1.pfx",
        "h-mac-iter-2p63.pfx",
        "p-enc-iter-1e7.pem",
    ];
    check(BEYOND.iter().map(|name| (*name, golden::read(&format!("pfx/{name}")))));
    for name in BEYOND {
        let content = golden::read(&format!("pfx/{name}"));
        let password = (!name.contains("nullpw")).then(|| Secret::from("pw"));
        let (.., outcome) = cost(&content, password.as_ref());
        assert!(outcome.contains("MAX_ROUNDS"), "{name}: {outcome}");
    }
}

#[test]
fn recorded_files_of_every_shape_stay_within_the_bounds() {
    const SHAPES: &[&str] =
        &["d-deep.pfx", "d-length-huge.pfx", "p-enc-scrypt.pem", "h-many-certs.pfx", "h-ber-octets-nested.pfx"];
    check(SHAPES.iter().map(|name| (*name, golden::read(&format!("pfx/{name}")))));
}

#[test]
fn a_bound_that_is_met_has_its_name_in_the_error() {
    for (name, content) in hostile() {
        let bound = match name {
            "open ends in open ends" | "bags in bags" => "MAX_NESTING",
            "bags with broken certificates" => "MAX_BAGS",
            "a certificate with a long name" | "a certificate with many extensions" => "MAX_CERTIFICATE",
            "PEM with thousands of blocks" | "PEM with thousands of empty blocks" => "MAX_BLOCKS",
            _ => continue,
        };
        let (.., outcome) = cost(&content, None);
        assert!(outcome.contains(bound), "{name}: {outcome}");
    }
}
