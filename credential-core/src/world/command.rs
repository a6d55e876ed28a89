//! Commands as a source needs them: one program, run to its end, one bounded output. Who runs it is injected.

use std::error::Error as StdError;
use std::ffi::{OsStr, OsString};
use std::fmt;

use crate::source::told;
use std::time::Duration;

use async_trait::async_trait;

use crate::Secret;
use crate::credential::SecretBytes;

/// How long a command may take unless it says otherwise.
pub const DEFAULT_COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// The most bytes that a command may write to its standard output, and as many to its standard error,
/// unless it says otherwise.
pub const DEFAULT_MAX_OUTPUT: u64 = 1024 * 1024;

/// Runs programs.
///
/// An implementation adds no shell of its own, gives the program nothing to read, keeps to the command's
/// time-out and bound, and gives an end with any exit status as an output: an error means that there was
/// none. Nothing that it started runs on after the time-out, or after the future was dropped.
#[async_trait]
pub trait Commands: fmt::Debug + Send + Sync {
    /// Runs the command to its end and reads all that it writes.
    async fn run(&self, command: Command) -> Result<CommandOutput, CommandError>;
}

/// A program to run. `Debug` shows the program alone: arguments are secrets as often as not.
#[derive(Clone)]
#[non_exhaustive]
pub struct Command {
    /// A path, or a name that is looked for in `PATH`.
    pub program: OsString,
    /// The arguments, each as it is: no shell takes them apart.
    pub arguments: Vec<OsString>,
    /// Environment variables beside those that the program inherits.
    pub environment: Vec<(String, Secret)>,
    /// How long everything may take, from the start to the end.
    pub timeout: Duration,
    /// The most bytes of standard output, and of standard error.
    pub max_output: u64,
}

impl Command {
    /// A command without arguments, with [`DEFAULT_COMMAND_TIMEOUT`] and [`DEFAULT_MAX_OUTPUT`].
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            timeout: DEFAULT_COMMAND_TIMEOUT,
            max_output: DEFAULT_MAX_OUTPUT,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn arguments(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable of the program.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Sets how long everything may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the most bytes of standard output, and of standard error.
    #[must_use]
    pub fn max_output(mut self, bytes: u64) -> Self {
        self.max_output = bytes;
        self
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command").field("program", &self.program).finish_non_exhaustive()
    }
}

/// What a command that came to its end has written. `Debug` shows the exit status and nothing that was
/// written: it may be a token.
#[derive(Clone)]
#[non_exhaustive]
pub struct CommandOutput {
    /// The exit status, 0 for success; `None` when a signal ended the program.
    pub status: Option<i32>,
    /// What it wrote to its standard output.
    pub stdout: SecretBytes,
    /// What it wrote to its standard error, for people; what is not UTF-8 in it is replaced. It may repeat
    /// what the program was given.
    pub stderr: String,
}

impl CommandOutput {
    /// An output from its parts.
    pub fn new(status: impl Into<Option<i32>>, stdout: impl Into<Vec<u8>>, stderr: impl Into<String>) -> Self {
        Self { status: status.into(), stdout: SecretBytes::new(stdout), stderr: stderr.into() }
    }

    /// Whether the exit status is 0.
    pub fn is_success(&self) -> bool {
        self.status == Some(0)
    }
}

impl fmt::Debug for CommandOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandOutput").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Why a command gave no output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CommandErrorKind {
    /// There is no such program.
    NotFound,
    /// The program may not be run by this process.
    NotPermitted,
    /// The time was over. The program has been ended.
    Timeout,
    /// It wrote more than the command allows. The program has been ended.
    TooLarge,
    /// Anything else: it could not be started, or its output could not be read to the end.
    Broken,
}

/// A command gave no output: why, and which program. Shows no argument, no variable and nothing that it wrote.
pub struct CommandError {
    kind: CommandErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl CommandError {
    /// A failure of the given kind; the message names the program.
    pub fn new(kind: CommandErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Keeps the underlying error, which must not show the command's secrets.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(cause.into());
        self
    }

    /// Why there was no output.
    pub fn kind(&self) -> CommandErrorKind {
        self.kind
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// What it says, and why: a `main` that returns it prints this.
impl fmt::Debug for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        told(self, f)
    }
}

impl StdError for CommandError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|cause| cause as _)
    }
}
