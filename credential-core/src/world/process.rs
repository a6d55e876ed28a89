//! The real programs of this machine, as children that do not outlive the wait for them.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Child;
use zeroize::Zeroizing;

use super::{Command, CommandError, CommandErrorKind, CommandOutput, Commands};
use crate::guard::{Panicked, caught};

/// How much is read at once.
const PIECE: usize = 8 * 1024;

/// How long the end of a child that was killed is waited for, by nobody but the thread that killed it.
const LAST_BREATH: Duration = Duration::from_secs(2);

/// Runs programs as children of this process, with its environment and working folder.
///
/// On Unix each is a process group of its own, which is killed at the time-out and when the future is
/// dropped: the program, and whatever it has started that did not leave the group. That takes `/bin/sh`;
/// where it is absent, and on Windows, the program alone is killed. Needs a tokio runtime with I/O and time
/// (`Builder::enable_all`); on another one each command is [`CommandErrorKind::Broken`].
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessCommands;

#[async_trait]
impl Commands for ProcessCommands {
    async fn run(&self, command: Command) -> Result<CommandOutput, CommandError> {
        let limit = command.timeout;
        check_runtime().map_err(|_| {
            let message = format!(
                "{} cannot be run: the tokio runtime has no I/O or no time; build it with Builder::enable_all",
                shown(&command)
            );
            CommandError::new(CommandErrorKind::Broken, message)
        })?;
        match tokio::time::timeout(limit, output(&command)).await {
            Ok(output) => output,
            Err(_) => {
                let message = format!("{} did not end within {limit:?} and was killed", shown(&command));
                Err(CommandError::new(CommandErrorKind::Timeout, message))
            }
        }
    }
}

/// Panics where the runtime lacks what a child needs. Before the child is there: a panic of its making would
/// leave it behind.
fn check_runtime() -> Result<(), Panicked> {
    caught(|| {
        #[cfg(unix)]
        drop(tokio::signal::unix::signal(tokio::signal::unix::SignalKind::child()));
        drop(tokio::time::timeout(Duration::ZERO, std::future::ready(())));
    })
}

fn shown(command: &Command) -> String {
    command.program.to_string_lossy().into_owned()
}

async fn output(command: &Command) -> Result<CommandOutput, CommandError> {
    let mut child = Running(Some(start(command)?));
    let broken = |cause| broken(command, cause);
    let (stdout, stderr) = child.pipes().map_err(broken)?;
    let max = usize::try_from(command.max_output).unwrap_or(usize::MAX);
    // To the end before the child is waited for: as long as it is not, its number is nobody else's.
    let (stdout, stderr) = tokio::try_join!(all_of(stdout, max), all_of(stderr, max)).map_err(|cause| {
        if cause.kind() == io::ErrorKind::FileTooLarge {
            let message = format!("{} wrote more than {max} bytes and was killed", shown(command));
            return CommandError::new(CommandErrorKind::TooLarge, message);
        }
        broken(cause)
    })?;
    let status = child.ended().await.map_err(broken)?;
    let mut stdout = stdout;
    Ok(CommandOutput::new(status, std::mem::take(&mut *stdout), String::from_utf8_lossy(&stderr)))
}

fn start(command: &Command) -> Result<Child, CommandError> {
    let mut process = tokio::process::Command::new(&command.program);
    process.args(&command.arguments);
    process.envs(command.environment.iter().map(|(name, value)| (name, value.expose())));
    process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    #[cfg(unix)]
    process.process_group(0);
    process.spawn().map_err(|cause| {
        let (kind, message) = match cause.kind() {
            io::ErrorKind::NotFound => (CommandErrorKind::NotFound, format!("{}: program not found", shown(command))),
            io::ErrorKind::PermissionDenied => {
                (CommandErrorKind::NotPermitted, format!("{} may not be run by this process", shown(command)))
            }
            _ => return broken(command, cause),
        };
        CommandError::new(kind, message).caused_by(cause)
    })
}

fn broken(command: &Command, cause: io::Error) -> CommandError {
    CommandError::new(CommandErrorKind::Broken, format!("{} cannot be run", shown(command))).caused_by(cause)
}

/// All that the pipe gives; [`io::ErrorKind::FileTooLarge`] when it is more than `max` bytes. The buffer never
/// grows in place, so that no copy of a secret stays behind.
async fn all_of(mut pipe: impl AsyncRead + Unpin, max: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut piece = Zeroizing::new(vec![0; PIECE]);
    let mut all = Zeroizing::new(Vec::new());
    loop {
        let length = pipe.read(&mut piece).await?;
        let Some(read) = piece.get(..length).filter(|read| !read.is_empty()) else { return Ok(all) };
        let total = all.len().saturating_add(length);
        if total > max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if total > all.capacity() {
            let mut larger = Vec::with_capacity(total.max(all.capacity().saturating_mul(2)));
            larger.extend_from_slice(&all);
            all = Zeroizing::new(larger);
        }
        all.extend_from_slice(read);
    }
}

/// A child that is killed, with all that it has started, unless its end was waited for.
#[derive(Debug)]
struct Running(Option<Child>);

impl Running {
    fn pipes(&mut self) -> io::Result<(impl AsyncRead + Unpin + use<>, impl AsyncRead + Unpin + use<>)> {
        let child = self.0.as_mut();
        child.and_then(|child| child.stdout.take().zip(child.stderr.take())).ok_or_else(gone)
    }

    async fn ended(mut self) -> io::Result<Option<i32>> {
        let status = self.0.as_mut().ok_or_else(gone)?.wait().await?;
        self.0 = None;
        Ok(status.code())
    }
}

fn gone() -> io::Error {
    io::Error::other("the program has no pipe")
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = self.0.take() {
            kill(child);
        }
    }
}

/// Kills the child with its group, in a thread: there may be no runtime any more, and none is held up. A
/// child that is dropped is killed alone.
fn kill(mut child: Child) {
    let Some(number) = child.id() else { return };
    let end = move || {
        kill_group(number);
        let _ = child.start_kill();
        // So that nothing is left of it, whatever becomes of the runtime that would take note of its end.
        let pause = Duration::from_millis(5);
        let mut waited = Duration::ZERO;
        while matches!(child.try_wait(), Ok(None)) && waited < LAST_BREATH {
            std::thread::sleep(pause);
            waited += pause;
        }
    };
    if let Err(error) = std::thread::Builder::new().name("token-client-kill".to_owned()).spawn(end) {
        tracing::warn!(%error, "a command was killed without what it has started");
    }
}

/// Through the shell's own `kill` (POSIX): the standard library signals no group.
#[cfg(unix)]
fn kill_group(number: u32) {
    let mut kill = std::process::Command::new("/bin/sh");
    kill.args(["-c", r#"kill -s KILL -- "-$0""#, &number.to_string()]);
    let _ = kill.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
}

#[cfg(not(unix))]
fn kill_group(_number: u32) {}
