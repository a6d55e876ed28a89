//! Names as .NET writes them, and as people write them.

use super::*;
use serde_json::Value as Json;

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16).unwrap() as u8;
    hex.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn rows() -> Vec<Json> {
    let text = include_str!("../../../tests/golden/dn.jsonl");
    text.lines().map(|row| serde_json::from_str(row).unwrap()).collect()
}

#[test]
fn each_name_is_written_as_dotnet_writes_it() {
    let wrong: Vec<String> = rows()
        .iter()
        .filter_map(|row| {
            let ours = Name::parse(&bytes(row["raw"].as_str().unwrap())).to_string();
            (ours != row["dotnet"].as_str().unwrap()).then(|| format!("{row}: {ours}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_dotnet_writes_is_read_as_the_same_name() {
    let wrong: Vec<String> = rows()
        .iter()
        .filter(|row| row["dotnet"] != "")
        .filter_map(|row| {
            let name = Name::parse(&bytes(row["raw"].as_str().unwrap()));
            let read = Name::from_text(row["dotnet"].as_str().unwrap());
            (!read.as_ref().is_ok_and(|read| read.same_as(&name))).then(|| format!("{row}: {read:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_subject_and_its_values_are_written_as_dotnet_does() {
    for row in include_str!("../../../tests/golden/store-certs/subjects.jsonl").lines() {
        let row: Json = serde_json::from_str(row).unwrap();
        let name = Name::parse(&bytes(row["raw_subject"].as_str().unwrap()));
        assert_eq!(name.to_string(), row["subject"].as_str().unwrap());
    }
}

#[test]
fn every_way_of_writing_a_name_means_the_same() {
    let expected = Name::from_text("CN=app-org, OU=Dev, O=\"Contoso, Ltd.\", C=US").unwrap();
    for text in [
        "C=US,O=\"Contoso, Ltd.\",OU=Dev,CN=app-org",
        "cn = APP-ORG; ou = dev; o = \"contoso, ltd.\"; c = us",
        "CN=app-org,OU=Dev,O=Contoso\\, Ltd.,C=US",
        "CN=app-org, OU=Dev, O=Contoso\\2C Ltd., C=US",
        "CN=app-org, OU=Dev, O=Contoso, Ltd., C=US",
        "C = US, O = \"Contoso, Ltd.\", OU = Dev, CN = app-org",
        "/C=US/O=Contoso, Ltd./OU=Dev/CN=app-org",
        "2.5.4.3=app-org, OID.2.5.4.11=Dev, 2.5.4.10=\"Contoso, Ltd.\", 2.5.4.6=US",
        " CN=app-org\nOU=Dev\nO=\"Contoso, Ltd.\"\nC=US, ",
        "CN=\"app-org\", OU=\"Dev\", O=\"Contoso, Ltd.\", C=\"US\"",
        "commonName=app-org, organizationalUnitName=Dev, organizationName=Contoso\\, Ltd., countryName=US",
    ] {
        let name = Name::from_text(text).unwrap();
        assert!(name.same_as(&expected), "{text}: {name}");
    }
}

#[test]
fn another_order_number_or_value_is_another_name() {
    let name = Name::from_text("CN=app, O=Contoso, C=US").unwrap();
    for other in
        ["O=Contoso, CN=app, C=US", "CN=app, O=Contoso", "CN=app+O=Contoso, C=US", "CN=apps, O=Contoso, C=US", ""]
    {
        assert!(!Name::from_text(other).unwrap().same_as(&name), "{other}");
    }
}

#[test]
fn attributes_side_by_side_are_compared_both_ways() {
    let name = Name::from_text("CN=app + OU=dev").unwrap();
    assert!(Name::from_text("OU=dev + CN=app").unwrap().same_as(&name));
    let twice = Name::from_text("CN=app + CN=app").unwrap();
    assert!(!twice.same_as(&name) && !name.same_as(&twice));
}

#[test]
fn what_is_no_name_says_why() {
    assert!(Name::from_text("app-org").unwrap_err().contains("has no `=`"));
    assert!(Name::from_text("X500:CN=app").unwrap_err().contains("X500:CN"));
    assert!(Name::from_text(&"CN=a,".repeat(2000)).unwrap_err().contains("MAX_TEXT"));
}
