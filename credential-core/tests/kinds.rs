//! A value of each kind against its declaration, members of objects included: one finding each, at the
//! place of what is wrong.

use std::sync::Arc;

use credential_core::source::{Entry, Origin};
use credential_core::testing::FakeWorld;
use credential_core::*;

const INNER: &[Setting] = &[Setting::new("Depth", SettingKind::Integer, "How deep.")];
const MEMBERS: &[Setting] = &[
    Setting::new("Address", SettingKind::Url, "Where.").required(),
    Setting::new("Strict", SettingKind::Flag, "Refuses weak ones.").mistaken(&["Severe"]),
    Setting::new("Mode", SettingKind::Text, "How.").one_of(&["Fast", "Safe"]),
    Setting::new("Inner", SettingKind::Object(INNER), "Further."),
];
const SETTINGS: &[Setting] = &[
    Setting::new("Id", SettingKind::Identifier, "A name."),
    Setting::new("Correlation", SettingKind::Guid, "An id."),
    Setting::new("Names", SettingKind::List, "Names."),
    Setting::new("Query", SettingKind::Map, "Names and texts."),
    Setting::new("Options", SettingKind::Object(MEMBERS), "Options."),
    Setting::new("Data", SettingKind::Data, "Somebody else's."),
    Setting::new("Reader", SettingKind::Entry, "Who reads.").one_of(&["Machine", "User"]),
    Setting::new("Nested", SettingKind::Entry, "Another entry."),
    Setting::new("Further", SettingKind::Entries, "Further entries."),
    Setting::new("Mutual", SettingKind::Text, "What the reference has.")
        .refused("is for mutual TLS, which this version does not do", "remove it"),
    Setting::new("Path", SettingKind::FilePath, "A file."),
];

/// Binds its nested entry, and refuses one path.
#[derive(Debug)]
struct Source(&'static str);

impl CredentialSource for Source {
    fn source_type(&self) -> SourceType {
        SourceType::known(self.0)
    }

    fn settings(&self) -> &[Setting] {
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        if entry.entry("Nested").is_some() {
            cx.tokens_of("Nested")?;
        }
        match entry.text("Path") {
            Some("bad") => Err(cx.error(SourceError::misconfigured("bad-path", "it is bad").about("Path"))),
            _ => Ok(Arc::new(Nothing)),
        }
    }
}

#[derive(Debug)]
struct Nothing;

#[async_trait]
impl CredentialLoader for Nothing {
    async fn load(&self, _request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        Err(SourceError::not_applicable("nothing", "nothing is loaded here"))
    }
}

fn text(name: &str, value: &str) -> Entry {
    Entry::text(name, value, Origin::Code)
}

fn map(name: &str, members: Vec<Entry>) -> Entry {
    Entry::map(name, members, Origin::Code)
}

fn options(member: Entry) -> Entry {
    map("Options", vec![text("Address", "https://h/"), member])
}

/// Severity, code and path below the entry of everything that is found.
fn found(settings: Vec<Entry>) -> Vec<String> {
    let entry = settings
        .into_iter()
        .fold(CredentialDescription::new("Kinds").at("E", Origin::Code), |entry, one| entry.with_entry(one));
    let registry = SourceRegistry::new().with(Source("Kinds"));
    let findings = match registry.bind(vec![entry], FakeWorld::new().world()) {
        Ok(chain) => chain.findings().to_vec(),
        Err(error) => error.findings().to_vec(),
    };
    let line = |finding: &Finding| {
        assert!(finding.remedy.is_some(), "no remedy: {finding}");
        let path = finding.path.as_deref().unwrap_or_default();
        format!("{} {} {}", finding.severity.as_str(), finding.code, path.trim_start_matches("E:"))
    };
    findings.iter().map(line).collect()
}

#[test]
fn values_that_fit_are_found_fault_with_by_nobody() {
    for setting in [
        text("Id", "a b"),
        text("Correlation", " {0F8FAD5B-D9CB-469F-A165-70867728950E} "),
        text("Names", "a b"),
        map("Names", vec![text("0", "a"), text("1", "b")]),
        map("Query", vec![text("a b", "c d")]),
        text("Query", ""),
        options(text("strict", " TRUE ")),
        options(text("Mode", "safe")),
        options(map("Inner", vec![text("Depth", "3")])),
        map("Data", vec![text("any", "x"), map("deep", vec![text("er", "y")])]),
        text("Reader", " machine "),
        map("Reader", vec![text("Anything", "at all")]),
        text("Mutual", " "),
    ] {
        let name = setting.name.clone();
        assert_eq!(found(vec![setting]), [""; 0], "{name}");
    }
}

#[test]
fn each_kind_refuses_what_is_none_of_it() {
    let text_of = |name: &str| map(name, vec![text("0", "x")]);
    for (setting, expected) in [
        (text("Id", " a"), "error white-space Id"),
        (text("Id", "app-<tenant>"), "error placeholder Id"),
        (text_of("Id"), "error wrong-type Id"),
        (text("Correlation", "0f8fad5b"), "error wrong-value Correlation"),
        (map("Names", vec![text("0", "<name>")]), "error placeholder Names:0"),
        (map("Names", vec![text_of("0")]), "error wrong-type Names:0"),
        (text("Query", "a=b"), "error wrong-type Query"),
        (map("Query", vec![text_of("a")]), "error wrong-type Query:a"),
        (map("Query", vec![text("a", "#{Value}#")]), "error placeholder Query:a"),
        (text("Options", "x"), "error wrong-type Options"),
        (map("Options", vec![text("Strict", "true")]), "error missing-setting Options:Address"),
        (options(text("Strict", "yes")), "error wrong-type Options:Strict"),
        (options(text("Mode", "Quick")), "error wrong-value Options:Mode"),
        (options(text("Mode", "<mode>")), "error placeholder Options:Mode"),
        (options(text("Severe", "true")), "error misspelt-setting Options:Severe"),
        (options(text("Strct", "true")), "error misspelt-setting Options:Strct"),
        (options(text("Colour", "red")), "warning unknown-setting Options:Colour"),
        (options(map("Inner", vec![text("Depth", "deep")])), "error wrong-type Options:Inner:Depth"),
        (options(map("Inner", vec![text("Dept", "1")])), "error misspelt-setting Options:Inner:Dept"),
        (text("Data", "x"), "error wrong-type Data"),
        (map("Data", vec![map("a", vec![text("b", "<b>")])]), "warning placeholder Data:a:b"),
        (text("Reader", "Machin"), "error wrong-value Reader"),
        (text("Nested", "Machine"), "error wrong-type Nested"),
        (text("Further", "x"), "error wrong-type Further"),
        (text("Mutual", "x"), "error not-supported Mutual"),
        (text("Skpi", "true"), "error misspelt-setting Skpi"),
        (text("SigningAlgorithm", "PS256"), "error misspelt-setting SigningAlgorithm"),
        (text("Colour", "red"), "warning unknown-setting Colour"),
    ] {
        let name = setting.name.clone();
        assert_eq!(found(vec![setting]), [expected], "{name}");
    }
}

#[test]
fn what_a_nested_entry_says_is_found_once_and_at_its_own_place() {
    let nested = |settings: Vec<Entry>| {
        let all = std::iter::once(text("SourceType", "Kinds")).chain(settings).collect();
        found(vec![map("Nested", all)])
    };
    assert_eq!(nested(vec![text("Id", "a")]), [""; 0]);
    assert_eq!(nested(vec![text("Id", " a")]), ["error white-space Nested:Id"]);
    assert_eq!(nested(vec![text("Idd", "a")]), ["error misspelt-setting Nested:Idd"]);
    assert_eq!(nested(vec![text("Reader", "Nobody")]), ["error wrong-value Nested:Reader"]);
}

#[test]
fn a_wrong_value_hides_nothing_that_the_source_would_say() {
    let entry = CredentialDescription::new("Kinds").with("Id", " a").with("Path", "bad");
    let registry = SourceRegistry::new().with(Source("Kinds"));
    let error = registry.bind(vec![entry.clone()], FakeWorld::new().world()).unwrap_err();
    let codes: Vec<&str> = error.findings().iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["white-space", "bad-path"]);
    // A misspelt one may: it could be the one that the source needs.
    let error = registry.bind(vec![entry.with("Idd", "a")], FakeWorld::new().world()).unwrap_err();
    let codes: Vec<&str> = error.findings().iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["white-space", "misspelt-setting"]);
    // What has been refused is not refused again.
    let entry = CredentialDescription::new("Kinds").with_entry(text("Nested", "Machine"));
    let error = registry.bind(vec![entry], FakeWorld::new().world()).unwrap_err();
    assert_eq!(error.findings().len(), 1, "{error}");
}
