//! Where a value stands, so that every message can point at it.

use std::fmt;
use std::sync::Arc;

/// The place that a configured value came from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// A settings file; line and column count from 1.
    File {
        /// The file as the user named it.
        file: Arc<str>,
        /// Line, from 1.
        line: u32,
        /// Column, from 1, in characters.
        column: u32,
    },
    /// An environment variable, by name.
    Environment(Arc<str>),
    /// A command-line argument, by name (`--set`).
    Argument(Arc<str>),
    /// Nobody set it: the documented default.
    Default,
    /// The program itself, through the Rust API.
    Code,
}

impl Origin {
    /// A place in a settings file; line and column count from 1.
    pub fn file(file: impl Into<Arc<str>>, line: u32, column: u32) -> Self {
        Self::File { file: file.into(), line, column }
    }

    /// An environment variable.
    pub fn environment(name: impl Into<Arc<str>>) -> Self {
        Self::Environment(name.into())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::Argument(name) => write!(f, "argument {name}"),
            Self::Default => f.write_str("default"),
            Self::Code => f.write_str("set in code"),
        }
    }
}
