//! Lines that fit the terminal: broken between words, with a hanging indent.
//!
//! What somebody may paste stays in one piece, however long it is: a word (an address, a path, a token) and a
//! command with its arguments.

/// How wide a terminal is taken for that does not say it.
pub(crate) const UNKNOWN: usize = 80;
/// No text is squeezed into less.
const NARROWEST: usize = 20;
/// How far lines hang where their first one leaves no room to hang below its text.
const HANG: usize = 4;
/// What begins a command, with the word after it.
const PROGRAMS: [&str; 8] = ["az", "cargo", "command", "curl", "dotnet", "kubectl", "openssl", "token-client"];

/// A line of output: what stands before its text, columns and indents, and the text.
pub(crate) struct Line {
    head: String,
    text: String,
}

impl Line {
    pub(crate) fn new(head: impl Into<String>, text: impl Into<String>) -> Self {
        Self { head: head.into(), text: text.into() }
    }

    /// As it is printed at that width.
    pub(crate) fn wrapped(&self, width: Option<usize>) -> String {
        hanging(&self.head, &self.text, width).trim_end_matches(' ').to_owned()
    }
}

/// The text after its head, in lines of that width where there is one. Those after the first hang below the text's
/// beginning, or near the margin where the head takes more than half of the width. Colours have no width.
fn hanging(head: &str, text: &str, width: Option<usize>) -> String {
    let Some(width) = width.map(|width| width.max(NARROWEST)) else { return format!("{head}{text}") };
    let indent = " ".repeat(HANG);
    let head = if head.trim().is_empty() && visible(head) > width / 2 { indent.as_str() } else { head };
    let whole = format!("{head}{text}");
    let margin = visible(head) - visible(head.trim_start_matches(' '));
    let fits = visible(head) <= width / 2 || head.trim().is_empty();
    let hang = if fits { visible(head) } else { margin + HANG };
    let (mut out, mut at) = (String::with_capacity(whole.len() + 64), 0);
    for piece in pieces(&whole) {
        let word = piece.trim_start_matches(' ');
        if at > margin && at + visible(piece) > width && !word.is_empty() {
            out.push('\n');
            out.push_str(&" ".repeat(hang));
            out.push_str(word);
            at = hang + visible(word);
        } else {
            out.push_str(piece);
            at += visible(piece);
        }
    }
    out
}

/// What lines are made of: words with the spaces before them, commands as one.
fn pieces(line: &str) -> Vec<&str> {
    let words = words(line);
    let mut pieces = Vec::with_capacity(words.len());
    let mut rest = words.as_slice();
    while let Some((&(start, end), after)) = rest.split_first() {
        let of = |(start, end): (usize, usize)| line.get(start..end).unwrap_or_default().trim_start_matches(' ');
        let begins = PROGRAMS.contains(&of((start, end)).trim_start_matches(['(', '`']));
        let command = begins && after.first().is_some_and(|next| is_subcommand(of(*next)));
        // It goes to the end of the phrase.
        let more = if command { after.iter().position(|word| of(*word).ends_with([',', ';', ')', '`'])) } else { None };
        let taken = match (command, more) {
            (false, _) => 0,
            (true, Some(last)) => last + 1,
            (true, None) => after.len(),
        };
        let end = taken.checked_sub(1).and_then(|last| after.get(last)).map_or(end, |last| last.1);
        pieces.push(line.get(start..end).unwrap_or_default());
        rest = after.get(taken..).unwrap_or_default();
    }
    pieces
}

/// Where words are, each with the spaces before it.
fn words(line: &str) -> Vec<(usize, usize)> {
    let (mut list, mut start, mut inside) = (Vec::new(), 0, false);
    for (at, character) in line.char_indices() {
        if inside && character == ' ' {
            list.push((start, at));
            start = at;
        }
        inside = character != ' ';
    }
    if start < line.len() {
        list.push((start, line.len()));
    }
    list
}

fn is_subcommand(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// How many columns it takes: its characters, without the escapes of colours.
fn visible(text: &str) -> usize {
    let mut count = 0;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => _ = characters.by_ref().find(|one| *one == 'm'),
            _ => count += 1,
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(head: &str, text: &str, width: usize) -> Vec<String> {
        hanging(head, text, Some(width)).lines().map(str::to_owned).collect()
    }

    #[test]
    fn lines_hang_below_the_beginning_of_the_text() {
        let text = "the secret has expired; make a new one in the portal";
        let expected = ["error  the secret has expired;", "       make a new one in the", "       portal"];
        assert_eq!(lines("error  ", text, 30), expected);
        let head = "appsettings.json:8  error  AzureAd:ClientSecret  ";
        assert_eq!(
            lines(head, "the secret has expired", 40),
            ["appsettings.json:8  error", "    AzureAd:ClientSecret  the secret has", "    expired"]
        );
        assert_eq!(hanging("error  ", text, None), format!("error  {text}"));
        assert_eq!(
            lines("  0  ", "\u{1b}[32maccepted\u{1b}[0m and so on", 22),
            ["  0  \u{1b}[32maccepted\u{1b}[0m and so", "     on"]
        );
    }

    #[test]
    fn what_may_be_pasted_stays_in_one_piece() {
        let address = "https://login.microsoftonline.com/7f2c3b6e-3d5e-4b0a-9c55-0f6a1c2d3e4f/oauth2/v2.0/token";
        assert_eq!(lines("  token  ", address, 40), ["  token".to_owned(), format!("{:9}{address}", "")]);
        assert_eq!(lines("  ", &format!("see {address} there"), 40), ["  see", &format!("  {address}"), "  there"]);
        let command = "openssl pkcs12 -export -inkey KEY -in CERT -out new.pfx";
        assert_eq!(
            lines("", &format!("add the certificate: {command}"), 40),
            ["add the certificate:".to_owned(), command.to_owned()]
        );
        assert_eq!(
            lines("", "install it, then: az login --tenant contoso.com; it is tried again", 30),
            ["install it, then:", "az login --tenant contoso.com;", "it is tried again"]
        );
        assert_eq!(lines("", "check which program az is: it may be another one", 30).len(), 2);
    }
}
