//! Everything outside the process, injected: so each scenario runs offline, and tests run in parallel.

mod address;
mod challenge;
mod command;
mod connection;
mod endpoint;
mod file;
mod http;
mod local_files;
mod login;
mod process;
mod system;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::credential::SecretBytes;
use crate::guard::{Unanswered, bounded};
use crate::text::nearest;

pub use address::{AddressFault, check_address, is_loopback, why_not_absolute};
pub use challenge::{Challenge, MAX_CHALLENGES};
pub use command::{
    Command, CommandError, CommandErrorKind, CommandOutput, Commands, DEFAULT_COMMAND_TIMEOUT, DEFAULT_MAX_OUTPUT,
};
pub use connection::{Connection, Connections, LocalConnections};
pub use endpoint::{Endpoint, EndpointFault};
pub use http::{
    BodyStream, ClientCertificate, DEFAULT_IDLE_TIMEOUT, DEFAULT_MAX_RESPONSE, HttpClient, HttpError, HttpErrorKind,
    HttpNeed, HttpRequest, HttpResponse, HttpStreamRequest, HttpStreamResponse, ServerTrust, Thumbprint, retry_after,
};
pub use local_files::{FILE_TIMEOUT, LocalFiles};
pub use login::Login;
pub use process::ProcessCommands;
pub use system::{ProcessEnvironment, SystemClock, SystemRandom, TokioTasks};

/// An HTTP client, or whoever runs commands, has its own end at the time-out; it is overrun by this much before
/// it is cut off.
const OVERRUN: Duration = Duration::from_millis(500);

/// The outside world as a source sees it. Cheap to clone.
///
/// [`World::new`] starts with the real environment, files, commands, sockets, clock and runtime, and takes the HTTP
/// client, which core does not have; each part can be replaced.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct World {
    /// HTTP requests.
    pub http: Arc<dyn HttpClient>,
    /// Environment variables.
    pub environment: Arc<dyn Environment>,
    /// Files and folders.
    pub files: Arc<dyn Files>,
    /// Programs to run.
    pub commands: Arc<dyn Commands>,
    /// Sockets of this machine.
    pub connections: Arc<dyn Connections>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub random: Arc<dyn Random>,
    /// Work behind the caller's back.
    pub tasks: Arc<dyn Tasks>,
}

impl World {
    /// The real world with the given HTTP client.
    pub fn new(http: Arc<dyn HttpClient>) -> Self {
        Self {
            http,
            environment: Arc::new(system::ProcessEnvironment),
            files: Arc::new(crate::world::LocalFiles::default()),
            commands: Arc::new(ProcessCommands),
            connections: Arc::new(LocalConnections),
            clock: system::clock_of_all(),
            random: Arc::new(system::SystemRandom),
            tasks: Arc::new(system::TokioTasks),
        }
    }

    /// Replaces the HTTP client.
    #[must_use]
    pub fn with_http(mut self, http: Arc<dyn HttpClient>) -> Self {
        self.http = http;
        self
    }

    /// Replaces the environment variables.
    #[must_use]
    pub fn with_environment(mut self, environment: Arc<dyn Environment>) -> Self {
        self.environment = environment;
        self
    }

    /// Replaces the file system.
    #[must_use]
    pub fn with_files(mut self, files: Arc<dyn Files>) -> Self {
        self.files = files;
        self
    }

    /// Replaces whoever runs programs.
    #[must_use]
    pub fn with_commands(mut self, commands: Arc<dyn Commands>) -> Self {
        self.commands = commands;
        self
    }

    /// Replaces whoever opens connections.
    #[must_use]
    pub fn with_connections(mut self, connections: Arc<dyn Connections>) -> Self {
        self.connections = connections;
        self
    }

    /// Replaces the clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Replaces the source of random bytes.
    #[must_use]
    pub fn with_random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// A number in `0.0..1.0`, so that many processes do not act at the same moment.
    pub fn jitter(&self) -> f64 {
        let mut bytes = [0; 8];
        self.random.fill(&mut bytes);
        (u64::from_le_bytes(bytes) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A random UUID (version 4, RFC 9562 §5.4) as text, for request and assertion ids.
    pub fn uuid(&self) -> String {
        self.random.uuid()
    }

    /// Runs a command with the world's [`Commands`], whoever wrote them: their panic, and an end that does not
    /// come within the command's time-out, are errors.
    ///
    /// # Errors
    /// As [`Commands::run`]; `Timeout` when they do not keep to the time-out, `Broken` when they panic.
    pub async fn run(&self, command: Command) -> Result<CommandOutput, CommandError> {
        let (program, limit) = (command.program.to_string_lossy().into_owned(), command.timeout);
        let deadline = self.clock.moment().after(limit).after(OVERRUN);
        match bounded(&*self.clock, deadline, || self.commands.run(command)).await {
            Ok(output) => output,
            Err(Unanswered::Late) => {
                let message = format!("{program} did not end within {limit:?}");
                Err(CommandError::new(CommandErrorKind::Timeout, message))
            }
            Err(Unanswered::Panicked) => {
                tracing::error!("the code that runs commands panicked");
                let message = format!("the code that runs commands panicked with {program}");
                Err(CommandError::new(CommandErrorKind::Broken, message))
            }
        }
    }

    /// Replaces the spawner of background work.
    #[must_use]
    pub fn with_tasks(mut self, tasks: Arc<dyn Tasks>) -> Self {
        self.tasks = tasks;
        self
    }
}

/// Environment variables.
pub trait Environment: Debug + Send + Sync {
    /// The variable's value; `None` when it is unset or not Unicode. An empty value is `Some("")`.
    fn var(&self, name: &str) -> Option<String>;

    /// What a variable says, without white space around it; `None` when that is nothing.
    fn text(&self, name: &str) -> Option<String> {
        self.var(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// Every variable, by name.
    fn vars(&self) -> BTreeMap<String, String>;

    /// The names of variables that are set and that nobody can read, since name or value is not Unicode; what
    /// is not Unicode in a name is replaced.
    fn not_unicode(&self) -> Vec<String> {
        Vec::new()
    }

    /// The home folder of the account that runs this process: what `HOME` says. The real environment
    /// asks the system's list of accounts when the variable is unset.
    fn home(&self) -> Option<PathBuf> {
        self.var("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
    }
}

/// The name of the variable that is set and may be meant by `name`: in another case, or near to it in spelling.
pub fn near_variable(environment: &dyn Environment, name: &str) -> Option<String> {
    let all = environment.vars();
    let set = all.iter().filter(|(_, value)| !value.trim().is_empty()).map(|(name, _)| name.as_str());
    nearest(name, set.filter(|other| *other != name)).map(str::to_owned)
}

/// What tells one state of a file from another without reading it.
///
/// Equal stamps of a file that was touched within the last two seconds prove nothing: clocks of file
/// systems are coarse. Compare contents then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileStamp {
    /// Size in bytes.
    pub len: u64,
    /// Last change of the content.
    pub modified: SystemTime,
    /// Which file it is: changes when another one is renamed into its place. 0 where unknown.
    pub identity: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// The number of the account that it belongs to (Unix); `None` where unknown.
    pub owner: Option<u32>,
}

impl FileStamp {
    /// A stamp from its parts, of nobody known.
    pub fn new(len: u64, modified: SystemTime, identity: u64, is_folder: bool) -> Self {
        Self { len, modified, identity, is_folder, owner: None }
    }

    /// Says whose it is.
    #[must_use]
    pub fn owned_by(mut self, owner: u32) -> Self {
        self.owner = Some(owner);
        self
    }
}

/// Files and folders. Relative paths are relative to the base that the implementation was given.
#[async_trait]
pub trait Files: Debug + Send + Sync {
    /// The whole content, refused with [`io::ErrorKind::FileTooLarge`] above `max` bytes and with
    /// [`io::ErrorKind::IsADirectory`] for a folder, with [`io::ErrorKind::Unsupported`] for a device, and
    /// for a pipe or socket, which would wait for a writer. Links are followed.
    async fn read(&self, path: &Path, max: u64) -> io::Result<SecretBytes>;

    /// The file's stamp. Links are followed.
    async fn stamp(&self, path: &Path) -> io::Result<FileStamp>;

    /// The names in a folder with their stamps, in no order; the stamp of a name that leads nowhere is
    /// empty. Refused with [`io::ErrorKind::QuotaExceeded`] above `max` names.
    async fn list(&self, folder: &Path, max: usize) -> io::Result<Vec<(PathBuf, FileStamp)>>;

    /// Which path a relative one means; for messages.
    fn resolve(&self, path: &Path) -> PathBuf;
}

/// A moment on the clock that never goes back: time since the clock's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(Duration);

impl Moment {
    /// The moment this long after the clock's start.
    #[inline]
    pub const fn since_start(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// The moment `wait` later; far beyond any deadline when that cannot be counted.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(wait))
    }

    /// How long from `earlier` to here; zero if `earlier` is later.
    #[inline]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// Time: the calendar, the steady clock, and waiting.
#[async_trait]
pub trait Clock: Debug + Send + Sync {
    /// The calendar's time; may jump. Deadlines are told by [`moment`](Self::moment).
    fn now(&self) -> SystemTime;

    /// The steady clock: `clock.moment().after(Duration::from_secs(30))` is a deadline.
    fn moment(&self) -> Moment;

    /// The steady clock as it was some milliseconds ago at most, read as cheaply as it can be: for whoever looks
    /// at every call whether something has ended minutes away.
    fn coarse(&self) -> Moment {
        self.moment()
    }

    /// Waits until the moment has come.
    async fn sleep_until(&self, moment: Moment);
}

/// Random bytes.
pub trait Random: Debug + Send + Sync {
    /// Fills the buffer with bytes that nobody can foresee.
    fn fill(&self, buffer: &mut [u8]);

    /// A random UUID (version 4, RFC 9562 §5.4) as text.
    fn uuid(&self) -> String {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        let value = u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
        let [a, b, c, d, e] = [value >> 96, value >> 80, value >> 64, value >> 48, value];
        let group = 0xffff;
        format!("{a:08x}-{:04x}-{:04x}-{:04x}-{:012x}", b & group, c & group, d & group, e & 0xffff_ffff_ffff)
    }
}

/// A boxed future that is its own owner.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send + 'static>>;

/// Spawns the work that a call leaves behind: a load that others wait for, a try of a better source.
/// Every such task was started by a call and has a deadline.
pub trait Tasks: Debug + Send + Sync {
    /// Runs the task to its end, whoever waits for it. Never panics: a task that cannot be run is dropped.
    fn spawn(&self, task: Task);
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;

    #[test]
    fn a_variable_says_something_or_nothing() {
        let environment = crate::testing::FakeEnvironment::default();
        for (value, text) in [("", None), (" \t\n", None), ("x", Some("x")), ("  two words\n", Some("two words"))] {
            environment.set("NAME", value);
            assert_eq!(environment.text("NAME").as_deref(), text, "{value:?}");
        }
        assert_eq!(environment.text("OTHER"), None);
    }
}
