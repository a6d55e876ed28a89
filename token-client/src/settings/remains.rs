//! Lists that were merged by index and kept elements, or settings, of a lower layer.

use credential_core::Finding;
use credential_core::source::Origin;

use super::bind::Section;
use super::codes;
use super::configuration::CODE;
use super::key;
use super::tree::Node;

/// Warns of every list in the section that is a mixture of layers.
pub(crate) fn check(section: &Section<'_>, files: u32, said: &mut Vec<Finding>) {
    let Some(node) = section.node else { return };
    if node.is_list() {
        check_list(section, node, files, said);
        let entries = section.children();
        entries.iter().for_each(|entry| check_entry(entry, said));
    }
    section.children().iter().for_each(|child| check(child, files, said));
}

fn check_list(section: &Section<'_>, list: &Node, files: u32, said: &mut Vec<Finding>) {
    // What the program adds follows the list, and is merged with nothing.
    let Some(layer) = highest(list.layers & !(1 << CODE)) else { return };
    let touched = |child: &&Node| child.layers & layer != 0;
    // A single key of an entry in a variable is meant as an addition; a file's list, a text element
    // and a new source type replace.
    let replaces =
        |child: &&Node| layer & files != 0 || child.value.is_some() || from(child.child("SourceType"), layer);
    let above = list.children().iter().filter(touched).find(replaces);
    let remaining = list.children().iter().filter(|child| child.layers & layer == 0 && child.layers != 1 << CODE);
    let (Some(above), Some(below)) = (above, remaining.clone().next()) else { return };
    said.push(
        Finding::warning(
            codes::LIST_REMAINS,
            format!(
                "the list from {} is merged by index, and keeps {} of {}",
                origin(above),
                plural(remaining.count()),
                origin(below)
            ),
        )
        .at(section.path.clone(), origin(above).clone())
        .because(format!("{}:{} stands at {}", section.path, below.name, origin(below)))
        .remedy("write the whole list in one place, or set \"Skip\": \"true\" in the entries that are not meant"),
    );
}

/// An entry whose source type comes from a higher layer than settings that belong to another one.
fn check_entry(entry: &Section<'_>, said: &mut Vec<Finding>) {
    let Some(node) = entry.node else { return };
    let Some(source_type) = node.child("SourceType").filter(|child| child.layers.count_ones() > 1) else { return };
    let Some(layer) = highest(source_type.layers) else { return };
    let below = node.children().iter().find(|child| child.layers & layer == 0);
    if let Some(below) = below.filter(|child| !key::same(&child.name, "Skip")) {
        said.push(
            Finding::warning(
                codes::MIXED_ENTRY,
                format!(
                    "the entry's SourceType comes from {}, and {} from {}",
                    origin(source_type),
                    below.name,
                    origin(below)
                ),
            )
            .at(entry.path.clone(), origin(source_type).clone())
            .remedy(format!(
                "set {} to null where SourceType is changed, or change the entry in one place",
                below.name
            )),
        );
    }
}

fn from(node: Option<&Node>, layer: u32) -> bool {
    node.is_some_and(|node| node.layers & layer != 0)
}

fn origin(node: &Node) -> &Origin {
    node.value.as_ref().map_or(&node.origin, |value| &value.origin)
}

/// The bit of the highest layer.
fn highest(layers: u32) -> Option<u32> {
    layers.checked_ilog2().map(|number| 1 << number)
}

fn plural(count: usize) -> String {
    if count == 1 { "1 element".to_owned() } else { format!("{count} elements") }
}
