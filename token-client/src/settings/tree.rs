//! All settings as one tree, merged from layers; every value knows where it stands.

use std::collections::HashMap;
use std::fmt;

use credential_core::source::Origin;
use credential_core::{Credential, Secret};

use super::key::{self, SEPARATOR};

/// The deepest path that is read: objects in objects, and `:` in keys.
pub const MAX_DEPTH: usize = 64;

/// A scalar, as text; `None` for `null` and for an empty object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scalar {
    pub(crate) text: Option<Secret>,
    pub(crate) origin: Origin,
    /// Where the values stand that it goes over, the nearest first.
    pub(crate) over: Vec<Origin>,
}

impl Scalar {
    fn new(text: Option<Secret>, origin: Origin) -> Self {
        Self { text, origin, over: Vec::new() }
    }

    /// This value of a higher layer over one of the layers below.
    fn over(mut self, below: Self) -> Self {
        self.over.push(below.origin);
        self.over.extend(below.over);
        self
    }
}

/// One key with its value, its children, or both.
#[derive(Clone)]
pub(crate) struct Node {
    /// As written in the highest layer that has it.
    pub(crate) name: String,
    /// Where it stands in that layer.
    pub(crate) origin: Origin,
    pub(crate) value: Option<Scalar>,
    /// Which layers say anything at or below it, one bit each.
    pub(crate) layers: u32,
    /// The credential that the program handed over with an entry.
    pub(crate) given: Option<Credential>,
    /// Nothing of the layers below stays below it.
    anew: bool,
    children: Vec<Node>,
    index: HashMap<String, usize>,
}

impl Node {
    pub(crate) fn new(name: impl Into<String>, origin: Origin, layers: u32) -> Self {
        let (children, index) = (Vec::new(), HashMap::new());
        Self { name: name.into(), origin, value: None, layers, given: None, anew: false, children, index }
    }

    /// Forgets what is here and, once merged, what is in the layers below.
    pub(crate) fn start_anew(&mut self) {
        *self = Self { anew: true, ..Self::new(std::mem::take(&mut self.name), self.origin.clone(), self.layers) };
    }

    pub(crate) fn children(&self) -> &[Self] {
        &self.children
    }

    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.index.get(&key::fold(name)).and_then(|at| self.children.get(*at))
    }

    /// The child of that name, made when it is not there.
    pub(crate) fn enter(&mut self, name: &str, origin: &Origin) -> Option<&mut Self> {
        let folded = key::fold(name);
        let at = *self.index.entry(folded).or_insert_with(|| {
            self.children.push(Self::new(name, origin.clone(), self.layers));
            self.children.len() - 1
        });
        self.children.get_mut(at)
    }

    /// The text, when there is one.
    pub(crate) fn text(&self) -> Option<&Secret> {
        self.value.as_ref()?.text.as_ref()
    }

    /// Whether it is a list: it has children, and their names are whole numbers.
    pub(crate) fn is_list(&self) -> bool {
        !self.children.is_empty() && self.children.iter().all(|child| key::number(&child.name).is_some())
    }

    /// This node of a higher layer over one of the layers below.
    fn over(mut self, mut below: Self) -> Self {
        if self.anew {
            return self;
        }
        let mut rest: Vec<Option<Self>> = std::mem::take(&mut below.children).into_iter().map(Some).collect();
        let mut merged = Vec::with_capacity(self.children.len().max(rest.len()));
        for child in std::mem::take(&mut self.children) {
            let beneath = below.index.get(&key::fold(&child.name)).and_then(|at| rest.get_mut(*at)?.take());
            merged.push(match beneath {
                Some(beneath) => child.over(beneath),
                None => child,
            });
        }
        merged.extend(rest.into_iter().flatten());
        self.children = merged;
        self.value = match (self.value, below.value) {
            (Some(value), Some(below)) => Some(value.over(below)),
            (value, below) => value.or(below),
        };
        self.given = self.given.or(below.given);
        self.layers |= below.layers;
        self.reindex();
        self
    }

    fn reindex(&mut self) {
        self.index = self.children.iter().enumerate().map(|(at, child)| (key::fold(&child.name), at)).collect();
    }

    fn sort(&mut self) {
        self.children.sort_by_cached_key(|child| key::rank(&child.name));
        self.reindex();
        self.children.iter_mut().for_each(Self::sort);
    }
}

/// Names alone: values may be secret.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("name", &self.name).field("children", &self.children).finish_non_exhaustive()
    }
}

/// One place that settings come from: a file, the environment, the command line.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) root: Node,
}

/// Why a value could not be put into a layer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There is a value at this path, from there.
    Duplicate(Origin),
    /// The path has more than [`MAX_DEPTH`] parts.
    TooDeep,
}

impl Layer {
    /// An empty layer; `number` tells layers apart, from 0 to 31, in the order of merging.
    pub(crate) fn new(number: u32) -> Self {
        Self { root: Node::new("", Origin::Default, 1 << number) }
    }

    /// Makes the nodes of a path.
    pub(crate) fn enter(&mut self, path: &[&str], origin: &Origin) -> Result<&mut Node, Refused> {
        if path.len() > MAX_DEPTH {
            return Err(Refused::TooDeep);
        }
        let mut node = &mut self.root;
        for part in path {
            node = node.enter(part, origin).ok_or(Refused::TooDeep)?;
        }
        Ok(node)
    }

    /// Puts a value at a path, over an earlier one.
    pub(crate) fn put(&mut self, path: &[&str], text: Secret, origin: &Origin) -> Result<(), Refused> {
        self.enter(path, origin)?.value = Some(Scalar::new(Some(text), origin.clone()));
        Ok(())
    }

    /// The node at a path.
    pub(crate) fn node(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(&self.root, |node, part| node.child(part))
    }

    /// Puts a value at a path, once.
    pub(crate) fn set(&mut self, path: &[&str], text: Option<Secret>, origin: Origin) -> Result<(), Refused> {
        let node = self.enter(path, &origin)?;
        if let Some(earlier) = &node.value {
            return Err(Refused::Duplicate(earlier.origin.clone()));
        }
        node.value = Some(Scalar::new(text, origin));
        Ok(())
    }
}

/// Every setting, whatever layer it comes from. Values are kept as [`Secret`]; `Debug` shows none.
#[derive(Clone, Debug)]
pub struct Tree {
    root: Node,
}

/// One value of a [`Tree`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The path from the root, in the spelling of the highest layer: `AzureAd:ClientId`.
    pub path: String,
    /// The value; `None` for `null` and for an empty object.
    pub value: Option<Secret>,
    /// Where it stands.
    pub origin: Origin,
}

impl Tree {
    /// The layers as one, the last over the ones before.
    pub(crate) fn merge(layers: Vec<Layer>) -> Self {
        let mut root = Node::new("", Origin::Default, 0);
        for layer in layers {
            root = layer.root.over(root);
        }
        root.sort();
        Self { root }
    }

    /// The tree as one layer, for others to go over it.
    pub(crate) fn to_layer(&self) -> Layer {
        Layer { root: self.root.clone() }
    }

    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    pub(crate) fn node(&self, path: &str) -> Option<&Node> {
        path.split(SEPARATOR).try_fold(&self.root, |node, part| node.child(part))
    }

    /// The value at a path, whatever the case of its letters; `None` when there is none or it is
    /// `null`.
    pub fn get(&self, path: &str) -> Option<&Secret> {
        self.node(path)?.text()
    }

    /// Where the value or section at a path stands.
    pub fn origin(&self, path: &str) -> Option<&Origin> {
        let node = self.node(path)?;
        Some(node.value.as_ref().map_or(&node.origin, |value| &value.origin))
    }

    /// Where the values stand that the one at a path goes over, the nearest first.
    pub(crate) fn overridden(&self, path: &str) -> &[Origin] {
        self.node(path).and_then(|node| node.value.as_ref()).map_or(&[], |value| &value.over)
    }

    /// The names of the sections at the top.
    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.root.children().iter().filter(|node| !node.children().is_empty()).map(|node| node.name.as_str())
    }

    /// Every value at and below a path, in order; `null` only where nothing is below it.
    pub fn leaves(&self, path: &str) -> Vec<Leaf> {
        let mut list = Vec::new();
        if let Some(node) = self.node(path) {
            if node.text().is_some() {
                push(node, path, &mut list);
            }
            below(node, path, &mut list);
        }
        list
    }
}

fn push(node: &Node, path: &str, list: &mut Vec<Leaf>) {
    if let Some(Scalar { text, origin, .. }) = &node.value {
        list.push(Leaf { path: path.to_owned(), value: text.clone(), origin: origin.clone() });
    }
}

fn below(node: &Node, path: &str, list: &mut Vec<Leaf>) {
    for child in node.children() {
        let path = format!("{path}{SEPARATOR}{}", child.name);
        if child.text().is_some() || child.children().is_empty() {
            push(child, &path, list);
        }
        below(child, &path, list);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(number: u32, values: &[(&str, &str)]) -> Layer {
        let mut layer = Layer::new(number);
        for (path, text) in values {
            let path: Vec<&str> = path.split(':').collect();
            layer.set(&path, Some(Secret::from(*text)), Origin::Code).unwrap();
        }
        layer
    }

    #[test]
    fn the_last_layer_wins_leaf_by_leaf() {
        let low = layer(0, &[("A:B", "1"), ("A:C", "2")]);
        let tree = Tree::merge(vec![low, layer(1, &[("a:b", "3")])]);
        assert_eq!(tree.get("A:B").map(Secret::expose), Some("3"));
        assert_eq!(tree.get("a:c").map(Secret::expose), Some("2"));
        assert_eq!(tree.leaves("A").iter().map(|leaf| leaf.path.as_str()).collect::<Vec<_>>(), ["A:b", "A:C"]);
    }

    #[test]
    fn debug_shows_no_value() {
        let tree = Tree::merge(vec![layer(0, &[("A:ClientSecret", "hunter2")])]);
        assert!(!format!("{tree:?} {:?}", tree.leaves("A")).contains("hunter2"));
    }

    #[test]
    fn a_path_is_bounded_in_depth() {
        let mut layer = Layer::new(0);
        let path = vec!["x"; MAX_DEPTH + 1];
        assert_eq!(layer.set(&path, None, Origin::Code), Err(Refused::TooDeep));
        assert_eq!(layer.set(&path[1..], None, Origin::Code), Ok(()));
    }
}
