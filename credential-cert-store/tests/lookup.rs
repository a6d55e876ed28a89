//! Every recorded look-up finds what .NET finds, or stands in the table of differences.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails says where")]

mod golden;

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use credential_cert_store::{Material, StoreSource};
use credential_core::testing::{Bound, FakeWorld, application};
use credential_core::{Credential, CredentialDescription, CredentialSource, LoadRequest, Secret};
use golden::Difference;
use serde_json::Value;

const STORES: &str = "/home/app/.dotnet/corefx/cryptography/x509stores";

const THUMBPRINT: &str = "a thumbprint is read in any notation, SHA-1 or SHA-256, hexadecimal or base64";
const NAMES: &str = "distinguished names are compared as names: order from either end, separators, quotes, escapes, labels and spaces aside";
const EMPTY: &str = "an empty search text is a missing setting";
const KEY: &str = "a certificate without its key fails the entry, and the list goes on";
const WITH_KEY: &str = "a certificate with its key comes before a newer one without";
const RAW: &str = "a value is also found as it is, without the quotes that .NET writes around it";
const LISTS: &str = "a list of stores is no store";
const BACKSLASH: &str = "a backslash separates location and store too";

/// Look-up, its text, what comes of it here, why.
const DIFFERENCES: &[Difference<'_>] = &[
    ("thumb-colons", "none", "plain", THUMBPRINT),
    ("thumb-dashes", "none", "plain", THUMBPRINT),
    ("thumb-bom", "none", "plain", THUMBPRINT),
    ("thumb-0x", "none", "plain", THUMBPRINT),
    ("thumb-sha256", "none", "plain", THUMBPRINT),
    ("thumb-sha256-lower", "none", "plain", THUMBPRINT),
    ("thumb-base64", "none", "plain", THUMBPRINT),
    ("thumb-quotes", "none", "plain", THUMBPRINT),
    ("thumb-nokey", "nokey without key", "no-usable-certificate", KEY),
    ("dn-no-spaces", "none", "org", NAMES),
    ("dn-reversed", "none", "org", NAMES),
    ("dn-reversed-no-spaces", "none", "org", NAMES),
    ("dn-newlines", "none", "org", NAMES),
    ("dn-rfc4514-escape", "none", "org", NAMES),
    ("dn-hex-escape", "none", "org", NAMES),
    ("dn-unquoted-comma", "none", "org", NAMES),
    ("dn-openssl-oneline", "none", "org", NAMES),
    ("dn-oid-types", "none", "org", NAMES),
    ("dn-oid-prefix", "none", "org", NAMES),
    ("dn-leading-space", "none", "org", NAMES),
    ("dn-trailing-space", "none", "org", NAMES),
    ("dn-trailing-comma", "none", "org", NAMES),
    ("dn-all-quoted", "none", "org", NAMES),
    ("dn-cn-first-order-forward", "none", "org-reversed", NAMES),
    ("dn-multi-no-space-swapped", "none", "multi", NAMES),
    ("dn-utf8-reversed", "none", "utf8", NAMES),
    ("dn-email-emailAddress", "none", "email", NAMES),
    ("dn-comma-escaped", "none", "comma", NAMES),
    ("dn-quote-raw", "none", "quote", NAMES),
    ("dn-special-escaped", "none", "special", NAMES),
    ("dn-spaces-trimmed", "none", "spaces", NAMES),
    ("dn-two-cn-swapped", "none", "two-cn", NAMES),
    ("dn-own-subject-nokey", "nokey without key", "no-usable-certificate", KEY),
    ("dn-own-subject-mixed-nokey-new", "mixed-nokey-new without key", "no-usable-certificate", KEY),
    ("dn-own-subject-empty", "empty", "empty-setting", EMPTY),
    ("subject-empty", "plain", "empty-setting", EMPTY),
    ("subject-quote-raw", "none", "quote", RAW),
    ("subject-empty-subject", "empty", "empty-setting", EMPTY),
    ("thumb-two-lrm", "none", "plain", THUMBPRINT),
    ("thumb-rlm", "none", "plain", THUMBPRINT),
    ("thumb-zwsp", "none", "plain", THUMBPRINT),
    ("thumb-lrm-trailing-two", "none", "plain", THUMBPRINT),
    ("path-or-same", "plain", "bad-store-path", LISTS),
    ("subject-mixed-key", "mixed-nokey-new without key", "mixed-key-old", WITH_KEY),
    ("subject-nokey", "nokey without key", "no-usable-certificate", KEY),
    ("path-backslash", "none", "plain", BACKSLASH),
];

fn pem_body(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(text.to_vec()).unwrap();
    let (_, body) = text.split_once("KEY-----").unwrap();
    let digits: String = body.split("-----END").next().unwrap().split_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(digits).unwrap()
}

/// The file that .NET would keep in its store, or one that it would read there.
fn store_file(name: &str) -> Vec<u8> {
    let stored = golden::path(&format!("store-certs/{name}.store.pfx"));
    if stored.exists() {
        return golden::read(&format!("store-certs/{name}.store.pfx"));
    }
    let pfx = golden::read(&format!("store-certs/{name}.pfx"));
    let material = Material::from_bytes(&pfx, Some(&Secret::from("pw"))).unwrap();
    let key = pem_body(&golden::read(&format!("store-certs/{name}.key")));
    p12::PFX::new(&material.chain()[0], &key, None, "", name).unwrap().to_der()
}

fn thumbprints() -> BTreeMap<String, String> {
    let rows = golden::rows("store-certs/subjects.jsonl");
    rows.iter()
        .map(|row| (row["sha1"].as_str().unwrap().to_owned(), row["name"].as_str().unwrap().to_owned()))
        .collect()
}

fn description(row: &Value) -> CredentialDescription {
    let find = row["find"].as_object().unwrap();
    let mut description = CredentialDescription::new(find["SourceType"].as_str().unwrap());
    if let Some(path) = row["store_path"].as_str() {
        description = description.with("CertificateStorePath", path);
    }
    for (name, value) in find.iter().filter(|(name, _)| *name != "SourceType") {
        if let Some(value) = value.as_str() {
            description = description.with(name, value);
        }
    }
    description
}

/// What is found, or the code of why there is nothing.
async fn look_up(row: &Value) -> Result<Credential, &'static str> {
    let world = FakeWorld::new();
    world.environment.set("HOME", "/home/app");
    let store = row["store_path"].as_str().and_then(|path| path.split_once('/')).map(|(_, store)| store.to_lowercase());
    let folder = match store.as_deref() {
        Some("certificateauthority") => "ca",
        Some(store @ ("addressbook" | "authroot" | "trustedpeople" | "trustedpublisher")) => store,
        _ => "my",
    };
    for name in row["certs"].as_array().unwrap() {
        let name = name.as_str().unwrap();
        world.files.write(format!("{STORES}/{folder}/{name}.pfx"), store_file(name));
    }
    let (description, world) = (description(row), world.world());
    let source = StoreSource::all().into_iter().find(|source| source.source_type() == *description.source_type());
    let source = source.unwrap();
    let application = application();
    let bound = Bound::new(source, description).map_err(|error| error.findings()[0].code)?;
    let deadline = world.clock.moment().after(std::time::Duration::from_secs(30));
    bound.load(&LoadRequest::new(&application, deadline, &world)).await.map_err(|error| error.code())
}

/// What .NET has in the end: a certificate that signs, one that does not, or none.
fn theirs(row: &Value) -> String {
    match row["result"].as_str() {
        Some(name) if row["has_key"] == true => name.to_owned(),
        Some(name) => format!("{name} without key"),
        None => "none".to_owned(),
    }
}

#[tokio::test]
async fn each_look_up_finds_what_dotnet_finds_or_a_listed_difference() {
    let names = thumbprints();
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    for row in golden::rows("lookup.jsonl") {
        let name = row["name"].as_str().unwrap();
        let ours = match look_up(&row).await {
            Ok(Credential::Certificate(found)) => names[&found.facts().thumbprint()].clone(),
            Ok(_) => panic!("no certificate"),
            Err(code) => code.to_owned(),
        };
        let theirs = theirs(&row);
        let same = ours == theirs || (theirs == "none" && !names.values().any(|name| *name == ours));
        match DIFFERENCES.iter().find(|difference| difference.0 == name) {
            Some(difference) if difference.2 == ours && difference.1 == theirs => {
                seen.insert(name.to_owned());
            }
            None if same => {}
            _ => wrong.push(format!("{name}: {ours}, the reference: {theirs}; {} {}", row["find"], row["about"])),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(seen.len(), DIFFERENCES.len(), "a difference is listed that is none");
    golden::assert_documented(DIFFERENCES);
}

/// The folders that .NET itself wrote: each file's name is the thumbprint of what it holds.
#[tokio::test]
async fn stores_that_dotnet_wrote_are_read_whole() {
    let fake = FakeWorld::new();
    fake.environment.set("HOME", golden::path("store/home").to_string_lossy());
    let world = fake.world().with_files(std::sync::Arc::new(credential_core::world::LocalFiles::default()));
    let application = application();
    let [source, ..] = StoreSource::all();
    let mut outcomes = BTreeMap::new();
    for (store, folder) in [("My", "my"), ("Root", "root"), ("3", "ca"), ("TrustedPeople", "trustedpeople")] {
        let folder = golden::path("store/home/.dotnet/corefx/cryptography/x509stores").join(folder);
        for file in std::fs::read_dir(folder).unwrap() {
            let file = file.unwrap().path();
            let thumbprint = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let entry = CredentialDescription::new(source.source_type())
                .with("CertificateStorePath", format!("CurrentUser/{store}"))
                .with("CertificateThumbprint", thumbprint.as_str());
            let deadline = world.clock.moment().after(std::time::Duration::from_secs(30));
            let outcome = Bound::new(source, entry).unwrap();
            let outcome = outcome.load(&LoadRequest::new(&application, deadline, &world)).await;
            let outcome = match outcome {
                Ok(Credential::Certificate(found)) if found.facts().thumbprint() == thumbprint => "found",
                Ok(other) => panic!("{thumbprint}: {other:?}"),
                Err(error) if error.code() == "no-usable-certificate" => "without key or not valid",
                Err(error) => panic!("{thumbprint}: {error}"),
            };
            *outcomes.entry(outcome).or_insert(0) += 1;
        }
    }
    assert!(outcomes["found"] >= 10, "{outcomes:?}");
}
