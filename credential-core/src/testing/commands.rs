//! Programs that a test makes up.

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use crate::sync::{Mutex, lock};
use crate::world::{Command, CommandError, CommandErrorKind, CommandOutput, Commands};

/// Answers commands by program and arguments, and records what was run. Without an answer there is no such
/// program.
#[derive(Debug, Default)]
pub struct FakeCommands {
    state: Mutex<State>,
    under_way: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    programs: Vec<(OsString, Vec<OsString>, FakeRun)>,
    ran: Vec<Command>,
}

/// What becomes of a command.
#[derive(Clone)]
#[non_exhaustive]
pub enum FakeRun {
    /// It ends with that output.
    Ends(CommandOutput),
    /// It ends with an output that depends on the command.
    By(Arc<dyn Fn(&Command) -> CommandOutput + Send + Sync>),
    /// It does not end.
    Hang,
    /// It gives no output, for that reason.
    Fail(CommandErrorKind),
}

impl FakeRun {
    /// It ends with that exit status, and has written that.
    pub fn ends(status: i32, stdout: impl Into<Vec<u8>>, stderr: impl Into<String>) -> Self {
        Self::Ends(CommandOutput::new(status, stdout, stderr))
    }

    /// It ends with an output that depends on the command.
    pub fn by(output: impl Fn(&Command) -> CommandOutput + Send + Sync + 'static) -> Self {
        Self::By(Arc::new(output))
    }
}

impl fmt::Debug for FakeRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ends(output) => output.fmt(f),
            Self::By(_) => f.write_str("By"),
            Self::Hang => f.write_str("Hang"),
            Self::Fail(kind) => kind.fmt(f),
        }
    }
}

impl FakeCommands {
    /// What becomes of every command with that program whose arguments begin so; a later one for the same takes
    /// an earlier one's place, and of several that fit the one with the most arguments counts.
    pub fn on(&self, program: impl Into<OsString>, arguments: &[&str], run: FakeRun) {
        let (program, begin) = (program.into(), arguments.iter().map(Into::into).collect::<Vec<OsString>>());
        let mut state = lock(&self.state);
        state.programs.retain(|(known, begins, _)| (known, begins) != (&program, &begin));
        state.programs.push((program, begin, run));
    }

    /// What was run so far, in this order.
    pub fn ran(&self) -> Vec<Command> {
        lock(&self.state).ran.clone()
    }

    /// How many commands have been run and have neither come to their end nor been given up.
    pub fn under_way(&self) -> usize {
        self.under_way.load(Ordering::SeqCst)
    }

    fn next(&self, command: &Command) -> Option<FakeRun> {
        let mut state = lock(&self.state);
        state.ran.push(command.clone());
        let fits = |(program, begins, _): &&(OsString, Vec<OsString>, FakeRun)| {
            *program == command.program && command.arguments.starts_with(begins)
        };
        state.programs.iter().filter(fits).max_by_key(|(_, begins, _)| begins.len()).map(|(.., run)| run.clone())
    }
}

/// Counts a command while it is waited for.
struct UnderWay<'a>(&'a AtomicUsize);

impl<'a> UnderWay<'a> {
    fn one_more(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Commands for FakeCommands {
    /// # Errors
    /// `NotFound` for a command that nobody answers; what its [`FakeRun::Fail`] says.
    async fn run(&self, command: Command) -> Result<CommandOutput, CommandError> {
        let run = self.next(&command).unwrap_or(FakeRun::Fail(CommandErrorKind::NotFound));
        let _under_way = UnderWay::one_more(&self.under_way);
        let output = match run {
            FakeRun::Ends(output) => output,
            FakeRun::By(output) => output(&command),
            FakeRun::Hang => std::future::pending().await,
            FakeRun::Fail(kind) => {
                let message = format!("{}: {kind:?}, as the test wants it", command.program.to_string_lossy());
                return Err(CommandError::new(kind, message));
            }
        };
        let too_large = [output.stdout.len(), output.stderr.len()].iter().any(|&n| n as u64 > command.max_output);
        if too_large {
            return Err(CommandError::new(CommandErrorKind::TooLarge, "more than the command allows"));
        }
        Ok(output)
    }
}
