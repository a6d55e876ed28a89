//! From nodes of the tree to typed values, with a finding for whatever does not fit.

use std::fmt;

use credential_core::registry::{check_form, unknown_setting};
use credential_core::source::Origin;
use credential_core::{Finding, Setting};

use super::codes;
use super::tree::Node;

/// A value that knows where it stands. `Debug` shows the place alone: headers and query parameters can
/// be secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub origin: Origin,
    /// Its path: `AzureAd:TenantId`.
    pub path: String,
}

impl<T> fmt::Debug for Located<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Located").field("path", &self.path).field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// Names and texts in the order of the configuration; `None` for `null`.
pub type TextMap = Vec<(String, Option<String>)>;

/// A node and its path; the node may be missing.
#[derive(Clone, Debug)]
pub(crate) struct Section<'t> {
    pub(crate) node: Option<&'t Node>,
    pub(crate) path: String,
}

impl<'t> Section<'t> {
    pub(crate) fn child(&self, name: &str) -> Self {
        let node = self.node.and_then(|node| node.child(name));
        Self { node, path: format!("{}:{}", self.path, node.map_or(name, |node| node.name.as_str())) }
    }

    pub(crate) fn children(&self) -> Vec<Self> {
        let all = self.node.map(Node::children).unwrap_or_default();
        all.iter().map(|node| Self { node: Some(node), path: format!("{}:{}", self.path, node.name) }).collect()
    }

    /// Where the value, or else the node, stands.
    pub(crate) fn origin(&self) -> Origin {
        let Some(node) = self.node else { return Origin::Default };
        node.value.as_ref().map_or_else(|| node.origin.clone(), |value| value.origin.clone())
    }

    /// The text; `None` when it is missing or `null`.
    pub(crate) fn text(&self) -> Option<&'t str> {
        self.node?.text().map(credential_core::Secret::expose)
    }

    /// Whether it is there and `null`, with nothing below it.
    pub(crate) fn is_null(&self) -> bool {
        self.node.is_some_and(|node| {
            node.children().is_empty() && node.value.as_ref().is_some_and(|value| value.text.is_none())
        })
    }

    pub(crate) fn has_children(&self) -> bool {
        self.node.is_some_and(|node| !node.children().is_empty())
    }

    fn located<T>(&self, value: T) -> Located<T> {
        Located { value, origin: self.origin(), path: self.path.clone() }
    }
}

/// Binds the settings of one section by the table that declares them.
#[derive(Debug)]
pub(crate) struct Binder<'a> {
    pub(crate) known: &'static [Setting],
    /// What the section is, for messages: `an application`.
    pub(crate) what: &'static str,
    pub(crate) said: &'a mut Vec<Finding>,
}

impl Binder<'_> {
    pub(crate) fn say(&mut self, section: &Section<'_>, finding: Finding) {
        self.said.push(finding.at(section.path.clone(), section.origin()));
    }

    /// Names every key that is no setting.
    pub(crate) fn check_keys(&mut self, section: &Section<'_>) {
        for child in section.children() {
            let Some(node) = child.node else { continue };
            if !self.known.iter().any(|setting| setting.is_named(&node.name)) {
                self.say(&child, unknown_setting(self.known, &node.name, self.what));
            }
        }
    }

    /// The default that the declaration names.
    pub(crate) fn default(&self, name: &str) -> &'static str {
        self.setting(name).and_then(|setting| setting.default).unwrap_or_default()
    }

    fn setting(&self, name: &str) -> Option<&'static Setting> {
        self.known.iter().find(|setting| setting.name == name)
    }

    /// A text setting; `None` when it is missing, `null` or no text.
    pub(crate) fn text(&mut self, section: &Section<'_>, name: &str) -> Option<Located<String>> {
        let child = section.child(name);
        if child.has_children() {
            let finding = match child.text() {
                None => Finding::error(codes::WRONG_TYPE, format!("{name} is an object or a list; text is expected")),
                Some(_) => Finding::warning(
                    codes::VALUE_AND_CHILDREN,
                    format!("{name} is text, and has keys below it, which are ignored"),
                ),
            };
            self.say(&child, finding.remedy("write one text"));
        }
        let text = child.text()?;
        self.check_text(&child, name, text);
        Some(child.located(text.to_owned()))
    }

    fn check_text(&mut self, child: &Section<'_>, name: &str, text: &str) {
        if let Some(finding) = self.setting(name).and_then(|setting| check_form(setting, text)) {
            self.say(child, finding);
        }
    }

    /// A flag; `false` when it is missing or none.
    pub(crate) fn flag(&mut self, section: &Section<'_>, name: &str, empty: Finding) -> Option<Located<bool>> {
        let child = section.child(name);
        let wrong = |found: &str| {
            Finding::error(codes::WRONG_TYPE, format!("{name} is {found}; true or false is expected"))
                .remedy("write true or false")
        };
        let Some(text) = child.text() else {
            if child.has_children() {
                self.say(&child, wrong("an object or a list"));
            }
            return None;
        };
        let trimmed = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\0');
        if trimmed.eq_ignore_ascii_case("true") {
            return Some(child.located(true));
        }
        if trimmed.eq_ignore_ascii_case("false") {
            return Some(child.located(false));
        }
        let invalid =
            Finding::error(codes::WRONG_TYPE, format!("{name} is not a valid flag: true or false is expected"));
        self.say(&child, if text.is_empty() { empty } else { invalid.remedy("write true or false") });
        None
    }

    /// A list of texts; text is split on white space. `None` when it is missing or `null`.
    pub(crate) fn text_list(&mut self, section: &Section<'_>, name: &str) -> Option<Located<Vec<String>>> {
        let list = section.child(name);
        if !list.has_children() {
            let text = list.text()?;
            let parts: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            if !parts.is_empty() {
                self.check_text(&list, name, text);
                self.say(
                    &list,
                    Finding::hint(codes::LIST_AS_TEXT, format!("{name} is text, and was split on white space"))
                        .remedy(format!("write a list: \"{name}\": [\"...\"]")),
                );
            }
            return Some(list.located(parts));
        }
        if list.text().is_some_and(|text| !text.is_empty()) {
            self.say(
                &list,
                Finding::warning(codes::VALUE_AND_CHILDREN, format!("{name} is a list and text: the text is ignored"))
                    .remedy("remove one of the two; one of them comes from a higher file or variable"),
            );
        }
        let mut parts = Vec::new();
        for element in list.children() {
            self.element(&element, name, &mut parts);
        }
        let mut located = list.located(parts);
        // The text that was ignored is not where the list stands.
        located.origin = list.children().first().map_or_else(|| list.origin(), Section::origin);
        Some(located)
    }

    fn element(&mut self, element: &Section<'_>, name: &str, parts: &mut Vec<String>) {
        if element.has_children() {
            let finding = Finding::error(codes::WRONG_TYPE, format!("an element of {name} is an object or a list"));
            self.say(element, finding.remedy("write text"));
            return;
        }
        let text = element.text().unwrap_or_default();
        let words: Vec<&str> = text.split_whitespace().collect();
        if words.is_empty() {
            let finding = Finding::warning(codes::EMPTY_ELEMENT, format!("an element of {name} is empty"));
            self.say(element, finding.remedy("remove it"));
        } else if words.join(" ") != text || words.len() > 1 {
            let finding = Finding::hint(codes::WHITE_SPACE, format!("an element of {name} has white space in it"));
            self.say(element, finding.remedy("write one element for each"));
        }
        if !words.is_empty() {
            self.check_text(element, name, text);
        }
        parts.extend(words.into_iter().map(str::to_owned));
    }

    /// Names and texts. `None` when it is missing, `null` or text.
    pub(crate) fn text_map(&mut self, section: &Section<'_>, name: &str) -> Option<Located<TextMap>> {
        let map = section.child(name);
        if !map.has_children() {
            if map.text().is_some_and(|text| !text.is_empty()) {
                let finding = Finding::error(codes::WRONG_TYPE, format!("{name} is text; an object is expected"));
                self.say(&map, finding.remedy(format!("write \"{name}\": {{\"name\": \"value\"}}")));
            }
            return None;
        }
        let mut pairs = Vec::new();
        for entry in map.children() {
            let Some(node) = entry.node else { continue };
            if entry.has_children() {
                let finding = Finding::error(codes::WRONG_TYPE, format!("a value in {name} is an object or a list"));
                self.say(&entry, finding.remedy("write text"));
            } else {
                pairs.push((node.name.clone(), entry.text().map(str::to_owned)));
            }
        }
        if map.node.is_some_and(Node::is_list) {
            let finding = Finding::warning(codes::WRONG_TYPE, format!("{name} is a list: the names are 0, 1, ..."));
            self.say(&map, finding.remedy(format!("write \"{name}\": {{\"name\": \"value\"}}")));
        }
        Some(map.located(pairs))
    }

    /// A further section; says when it is text instead.
    pub(crate) fn object<'t>(&mut self, section: &Section<'t>, name: &str) -> Option<Section<'t>> {
        let child = section.child(name);
        if child.has_children() {
            return Some(child);
        }
        if child.text().is_some_and(|text| !text.is_empty()) {
            let finding = Finding::error(codes::WRONG_TYPE, format!("{name} is text; an object is expected"));
            self.say(&child, finding.remedy("write {...}"));
        }
        None
    }
}
