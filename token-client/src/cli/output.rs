//! Results on stdout, everything else on stderr.

use std::future::Future;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use credential_core::text::moves_terminal;

use super::wrap::{Line, UNKNOWN};

/// Where a command writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    colour: bool,
    /// How wide lines of the result may be; `None` where nothing is to be broken.
    width: Option<usize>,
    /// The same of what goes to the person who looks on.
    note_width: Option<usize>,
}

impl Output {
    /// Colour on a terminal alone, and not with `NO_COLOR`.
    #[expect(clippy::disallowed_methods, reason = "the program's own environment, before there is a world")]
    pub(crate) fn for_this_process() -> Self {
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let columns = std::env::var("COLUMNS").ok().and_then(|value| value.parse().ok()).filter(|width| *width > 0);
        let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
        Self {
            colour: stdout.is_terminal() && !no_colour,
            width: columns.or_else(|| width_of(&stdout)),
            note_width: columns.or_else(|| width_of(&stderr)),
        }
    }

    /// How wide the help is, which goes to people alone.
    pub(crate) fn help_width(&self) -> usize {
        self.width.unwrap_or(UNKNOWN)
    }

    /// Lines of the result, each in as many as the terminal's width takes.
    pub(crate) fn print_lines(&self, lines: &[Line]) {
        lines.iter().for_each(|line| self.print(&line.wrapped(self.width)));
    }

    /// The same for the person who looks on.
    pub(crate) fn note_lines(&self, lines: &[Line]) {
        lines.iter().for_each(|line| self.note(&line.wrapped(self.note_width)));
    }

    /// A line of the result. A reader that has gone away is no error.
    pub(crate) fn print(&self, line: &str) {
        let _ = writeln!(std::io::stdout(), "{}", harmless(line));
    }

    /// A line for the person who looks on.
    pub(crate) fn note(&self, line: &str) {
        let _ = writeln!(std::io::stderr(), "{}", harmless(line));
    }

    /// What a server answered: to a program as it came, to a person without what moves a terminal.
    pub(crate) fn body(&self, bytes: &[u8]) {
        if std::io::stdout().is_terminal() {
            return self.print(&String::from_utf8_lossy(bytes));
        }
        let mut stdout = std::io::stdout();
        let _ = stdout.write_all(bytes).and_then(|()| stdout.write_all(b"\n"));
    }

    /// One JSON object.
    pub(crate) fn json(&self, value: &serde_json::Value) {
        self.print(&escaped_json(&format!("{value:#}")));
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

/// How wide the stream's terminal is. What is no terminal takes lines as they are: whoever searches in them finds
/// them whole.
fn width_of(stream: &impl IsTerminal) -> Option<usize> {
    stream.is_terminal().then(|| terminal_size::terminal_size().map_or(UNKNOWN, |(width, _)| width.0.into()))
}

/// The colours of [`Output`]; nothing else that begins with an escape reaches a terminal.
const COLOURS: [&str; 4] = ["\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m", "\u{1b}[0m"];

/// Lines as a terminal shows them, whatever they are made of.
fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some(colour) = COLOURS.iter().find(|colour| rest.starts_with(**colour)) {
            out.push_str(colour);
            rest = rest.get(colour.len()..).unwrap_or_default();
            continue;
        }
        match character {
            '\n' | '\t' => out.push(character),
            moving if moves_terminal(moving) => out.extend(moving.escape_unicode()),
            other => out.push(other),
        }
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
    }
    out
}

/// JSON whose texts have their own escapes for what moves a terminal (RFC 8259 §7).
fn escaped_json(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut out, character| {
        if character != '\n' && moves_terminal(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                let _ = std::fmt::Write::write_fmt(&mut out, format_args!("\\u{unit:04x}"));
            }
        } else {
            out.push(character);
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_our_own_colours_moves_a_terminal() {
        let text = "\u{1b}[31mred\u{1b}[0m\tand\n\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}1m\r\u{202e}\u{2028}";
        let shown = "\u{1b}[31mred\u{1b}[0m\tand\n\\u{1b}[2J\\u{1b}]0;x\\u{7}\\u{9b}1m\\u{d}\\u{202e}\\u{2028}";
        assert_eq!(harmless(text), shown);
    }

    #[test]
    fn json_stays_the_same_json() {
        let value = serde_json::json!({"a\u{202e}": "\u{7f}\u{9b}\u{2028}\n\u{1b}ü"});
        let text = escaped_json(&format!("{value:#}"));
        assert!(text.chars().all(|one| one == '\n' || !moves_terminal(one)), "{text:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
