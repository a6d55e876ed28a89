//! Questions to the person at the terminal.

use std::io::BufRead;

use super::Failure;
use super::output::Output;

/// Who answers.
pub(crate) trait Ask {
    /// The answer; `None` where there is none to be had.
    ///
    /// # Errors
    /// When it cannot be read.
    async fn ask(&mut self, question: &str) -> Result<Option<String>, Failure>;
}

/// A line of standard input for each question, which goes to standard error.
#[derive(Debug)]
pub(crate) struct Stdin {
    output: Output,
}

impl Stdin {
    pub(crate) fn new(output: Output) -> Self {
        Self { output }
    }
}

impl Ask for Stdin {
    async fn ask(&mut self, question: &str) -> Result<Option<String>, Failure> {
        self.output.note(&format!("{question}:"));
        // Apart from the runtime, so that Ctrl-C ends the program.
        let read = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line).map(|_| line)
        });
        let line = read.await.map_err(std::io::Error::other).and_then(|line| line);
        let line = line.map_err(|error| Failure::Usage(format!("stdin: {error}")))?;
        Ok(Some(line.trim().to_owned()).filter(|answer| !answer.is_empty()))
    }
}
