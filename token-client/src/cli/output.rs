//! Results on stdout, everything else on stderr.

use std::future::Future;
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// Where a command writes.
#[derive(Debug)]
pub(crate) struct Output {
    colour: bool,
}

impl Output {
    /// Colour on a terminal alone, and not with `NO_COLOR`.
    #[expect(clippy::disallowed_methods, reason = "the program's own environment, before there is a world")]
    pub(crate) fn for_this_process() -> Self {
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colour: std::io::stdout().is_terminal() && !no_colour }
    }

    /// A line of the result. A reader that has gone away is no error.
    pub(crate) fn print(&self, line: &str) {
        let _ = writeln!(std::io::stdout(), "{line}");
    }

    /// A line for the person who looks on.
    pub(crate) fn note(&self, line: &str) {
        let _ = writeln!(std::io::stderr(), "{line}");
    }

    /// One JSON object.
    pub(crate) fn json(&self, value: &serde_json::Value) {
        self.print(&format!("{value:#}"));
    }

    /// Says on a terminal what goes on when it takes longer than a second.
    #[expect(clippy::disallowed_methods, reason = "a person's second, whatever the world's clock says")]
    pub(crate) async fn waiting<F: Future>(&self, what: &str, work: F) -> F::Output {
        let mut work = Box::pin(work);
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
        let on_terminal = std::io::stderr().is_terminal();
        if on_terminal {
            let _ = write!(std::io::stderr(), "{what} ...");
        }
        let done = work.await;
        if on_terminal {
            let _ = write!(std::io::stderr(), "\r{:1$}\r", "", what.len() + 4);
        }
        done
    }

    pub(crate) fn red(&self, text: &str) -> String {
        self.paint("31", text)
    }

    pub(crate) fn yellow(&self, text: &str) -> String {
        self.paint("33", text)
    }

    pub(crate) fn green(&self, text: &str) -> String {
        self.paint("32", text)
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
