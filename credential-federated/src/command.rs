//! The shape *program*: the source type `Command`. A program of the machine's writes the token.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use credential_core::source::Value;
use credential_core::text::printable;
use credential_core::world::{Command, CommandError, CommandErrorKind, CommandOutput, Environment};
use credential_core::{
    BindContext, BindResult, CredentialDescription, CredentialSource, Secret, Setting, SettingKind, SourceError,
    SourceType,
};

use crate::audience::EXCHANGE_URL;
use crate::facts::MAX_ASSERTION_LENGTH;
use crate::platform::{Asking, Platform, TOKEN_FIELD, Tokens, field};

const COMMAND: &str = "Command";
const TIMEOUT: &str = "CommandTimeout";
/// Lets settings files name programs to run.
const ALLOW_VARIABLE: &str = "TOKEN_CLIENT_ALLOW_COMMANDS";
/// The most bytes that a program may write: a token with some JSON around it.
const MAX_OUTPUT: u64 = 2 * MAX_ASSERTION_LENGTH;
/// The most characters of a program's own words.
const MAX_WORDS: usize = 300;
/// Longer words in them are taken for tokens.
const LONGEST_WORD: usize = 80;

/// The token that a program writes to its standard output as the assertion.
///
/// ```json
/// { "SourceType": "Command",
///   "Command": ["circleci", "run", "oidc", "get", "--claims", "{\"aud\":\"api://AzureADTokenExchange\"}"] }
/// ```
///
/// `Command` is the program and its arguments, each as it is: no shell takes them apart. What it writes is the token,
/// or JSON with the token in the member `TokenField`; it has `CommandTimeout` seconds and 128 KiB, nothing to read, and
/// nothing of it runs on afterwards.
///
/// A settings file alone runs nothing: the variable `TOKEN_CLIENT_ALLOW_COMMANDS` must be `true`, or the program
/// registers the source [`allowed`](Self::allowed). Otherwise the entry fails with `command-not-allowed`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CommandSource {
    allowed: bool,
}

impl CommandSource {
    /// The `SourceType` of its entries.
    pub const SOURCE_TYPE: SourceType = SourceType::known("Command");

    /// A source whose programs run where `TOKEN_CLIENT_ALLOW_COMMANDS` is `true`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs the programs of settings files whatever the variable says: whoever can write those files runs programs
    /// as this one.
    #[must_use]
    pub fn allowed(mut self) -> Self {
        self.allowed = true;
        self
    }
}

impl CredentialSource for CommandSource {
    fn source_type(&self) -> SourceType {
        Self::SOURCE_TYPE
    }

    fn settings(&self) -> &[Setting] {
        const SETTINGS: &[Setting] = &[
            Setting::new(
                COMMAND,
                SettingKind::List,
                "The program and its arguments, each an element; no shell is used.",
            )
            .required()
            .secret()
            .mistaken(&["CommandLine", "Program", "Executable", "Arguments"]),
            TOKEN_FIELD,
            Setting::new(TIMEOUT, SettingKind::Integer, "Seconds that the program may take.")
                .default("30")
                .mistaken(&["TimeoutSeconds"]),
            EXCHANGE_URL,
        ];
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let words = words(entry).map_err(|error| cx.error(error))?;
        let field = entry.text(TOKEN_FIELD.name).map(str::trim).filter(|field| !field.is_empty()).map(str::to_owned);
        let timeout = Duration::from_secs(entry.integer(TIMEOUT).unwrap_or(30).max(1));
        Ok(Tokens::loader(entry, cx, Program { words, field, timeout, allowed: self.allowed }))
    }
}

/// The program and its arguments.
fn words(entry: &CredentialDescription) -> Result<Vec<Secret>, SourceError> {
    let wrong = |why: &str| {
        SourceError::misconfigured("command-not-a-list", format!("{COMMAND} is not valid: {why}"))
            .about(COMMAND)
            .remedy("write a list: [\"PROGRAM\", \"ARGUMENT\", ...]")
    };
    let words: Vec<Secret> = match entry.entry(COMMAND).map(|entry| &entry.value) {
        Some(Value::Map(elements)) => {
            let text = |value: &Value| match value {
                Value::Text(text) => Some(text.clone()),
                Value::Map(_) => None,
            };
            elements.iter().map(|element| text(&element.value)).collect::<Option<_>>().unwrap_or_default()
        }
        Some(Value::Text(text)) if text.expose().trim().contains(char::is_whitespace) => {
            return Err(wrong("it is one text, and no shell takes it apart"));
        }
        Some(Value::Text(text)) => vec![text.clone()],
        None => Vec::new(),
    };
    match words.first() {
        Some(program) if !program.expose().trim().is_empty() => Ok(words),
        _ => Err(wrong("it names no program")),
    }
}

struct Program {
    /// The program, then its arguments.
    words: Vec<Secret>,
    field: Option<String>,
    timeout: Duration,
    allowed: bool,
}

impl Program {
    fn program(&self) -> &str {
        self.words.first().map_or("", Secret::expose)
    }

    /// Without the folder that it is in.
    fn short(&self) -> String {
        printable(self.program().rsplit(['/', '\\']).next().unwrap_or_default(), 100)
    }
}

impl fmt::Debug for Program {
    /// No argument: they are secrets as often as not.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("program", &self.short())
            .field("allowed", &self.allowed)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Platform for Program {
    fn name(&self) -> String {
        format!("the program {}", self.short())
    }

    fn other_audience(&self, asked: &str) -> String {
        format!("let {} ask for a token for {asked}: change Command", self.short())
    }

    async fn token(&self, asking: &Asking<'_>) -> Result<Secret, SourceError> {
        if !self.allowed && !allowed_here(&*asking.world.environment) {
            let said = asking.variable(ALLOW_VARIABLE);
            let said = said.map(|_| format!(", and {ALLOW_VARIABLE} is not true")).unwrap_or_default();
            let message = format!("{} is not run: a settings file alone runs no program{said}", self.short());
            return Err(SourceError::denied("command-not-allowed", message)
                .about(COMMAND)
                .remedy(format!("set the variable {ALLOW_VARIABLE} to true, or allow commands in the program's code"))
                .settled_locally());
        }
        let command = Command::new(self.program())
            .arguments(self.words.iter().skip(1).map(Secret::expose))
            .timeout(self.timeout.min(asking.remaining()))
            .max_output(MAX_OUTPUT);
        let output = asking.world.run(command).await.map_err(|error| self.gave_nothing(error))?;
        if !output.is_success() {
            return Err(self.failed(&output));
        }
        let name = self.name();
        field(output.stdout.expose(), self.field.as_deref(), &name).map_err(|error| error.about(COMMAND))
    }
}

impl Program {
    fn gave_nothing(&self, error: CommandError) -> SourceError {
        let name = self.short();
        let failed = match error.kind() {
            CommandErrorKind::NotFound => SourceError::not_applicable("command-not-found", format!("{name} not found"))
                .remedy("install it, or correct Command"),
            CommandErrorKind::NotPermitted => {
                SourceError::denied("command-not-permitted", format!("{name} may not be run: permission denied"))
                    .remedy("give the account that runs this process the right to run it")
            }
            CommandErrorKind::Timeout => {
                let message = format!("{name} timed out: it did not end within {} s", self.timeout.as_secs());
                SourceError::transient("command-timeout", message)
                    .remedy("look at what it waits for, or raise CommandTimeout")
            }
            CommandErrorKind::TooLarge => {
                SourceError::invalid("command-output-too-large", format!("{name} wrote more than {MAX_OUTPUT} bytes"))
                    .remedy("let it write the token alone")
            }
            _ => SourceError::transient("command-broken", format!("{name} gave no output: {error}"))
                .remedy("look at its own messages"),
        };
        failed.about(COMMAND).caused_by(error)
    }

    fn failed(&self, output: &CommandOutput) -> SourceError {
        let ended = match output.status {
            Some(status) => format!("exit status {status}"),
            None => "a signal ended it".to_owned(),
        };
        let last = output.stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let said = printable(&self.shown(last), MAX_WORDS);
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        SourceError::transient("command-failed", format!("{} failed ({ended}){said}", self.short()))
            .about(COMMAND)
            .remedy("run it by hand as the account that runs this process")
    }

    /// What it says, without what may be secret: its arguments, and words that are as long as tokens.
    fn shown(&self, line: &str) -> String {
        let arguments = self.words.iter().skip(1).map(Secret::expose).filter(|argument| argument.len() >= 8);
        let line = arguments.fold(line.to_owned(), |line, argument| line.replace(argument, "***"));
        let word = |word: &str| if word.len() > LONGEST_WORD { "***".to_owned() } else { word.to_owned() };
        line.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
    }
}

fn allowed_here(environment: &dyn Environment) -> bool {
    environment.text(ALLOW_VARIABLE).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}
