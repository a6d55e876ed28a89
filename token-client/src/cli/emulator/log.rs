//! Each request on a line, with what the emulator made of it.

use std::sync::mpsc::sync_channel;

use super::super::output::Output;
use super::super::text::clean;
use super::super::wrap::Line;
use crate::emulator::{EmulatorEvent, RecordedRequest};

/// The most lines that wait for a terminal; further ones are left out.
const MAX_WAITING: usize = 1024;

/// Prints on a thread of its own: a terminal that stands still holds up no answer.
pub(super) fn printer(output: Output) -> impl Fn(EmulatorEvent<'_>) + Send + Sync + 'static {
    let (sender, receiver) = sync_channel::<Line>(MAX_WAITING);
    // Ends with the process, or when the emulator does.
    std::thread::spawn(move || receiver.iter().for_each(|line| output.print_lines(&[line])));
    move |event| {
        let line = match event {
            EmulatorEvent::Answered(request) => line(request, &output),
            EmulatorEvent::HandshakeFailed(why) => {
                let what = format!("{}  {}; the client must trust the CA", output.red("no handshake"), clean(why));
                Line::new("TLS  ", what)
            }
        };
        let _ = sender.try_send(line);
    }
}

fn line(request: &RecordedRequest, output: &Output) -> Line {
    let (method, path) = (clean(&request.method), clean(&request.path));
    let status = request.status.map_or_else(|| "closed".to_owned(), |status| status.to_string());
    let good = request.status.is_some_and(|status| status < 400);
    let status = if good { output.green(&status) } else { output.red(&status) };
    let (verdict, why) = (clean(&request.verdict), clean(&request.why));
    Line::new(format!("{method} "), format!("{path}  {status}  {verdict}  {why}"))
}
