//! `-v` and `-vv`: what the library traces, on stderr, each span in a line when it ends.

use std::fmt::{Debug, Write};
use std::time::Instant;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

use super::output::Output;
use super::text::clean;
use super::token::now;
use super::wrap::Line;

/// Whose traces say nothing of credentials: those of the transport.
const TRANSPORT: [&str; 9] =
    ["h2", "hyper", "hyper_util", "mio", "reqwest", "rustls", "tokio", "tokio_rustls", "tower"];

/// Shows spans and events from now on: of INFO with one `-v`, of DEBUG with two, of TRACE with three.
pub(crate) fn show(verbose: u8, output: Output) {
    let level = match verbose {
        0 => return,
        1 => Level::INFO,
        2 => Level::DEBUG,
        _ => Level::TRACE,
    };
    // There is none yet: this is the program.
    let _ = tracing::subscriber::set_global_default(Registry::default().with(Lines { level, output }));
}

/// Everything that is not of the transport, up to a level.
struct Lines {
    level: Level,
    output: Output,
}

/// What is known of a span that has not ended.
struct Begun {
    at: Instant,
    fields: Text,
}

/// Fields as text; an event's message is first and has no name.
#[derive(Default)]
struct Text(String);

impl Text {
    fn add(&mut self, field: &Field, value: &str) {
        let value = clean(value);
        match field.name() {
            "message" => self.0.insert_str(0, &value),
            // For programs that collect traces.
            name if name.starts_with("otel.") => {}
            name => _ = write!(self.0, "  {name}={value}"),
        }
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, &format!("{value:?}"));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let from = metadata.target().split("::").next().unwrap_or_default();
        *metadata.level() <= self.level && !TRANSPORT.contains(&from)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Text::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(Begun { at: now(), fields });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(begun) = span.extensions_mut().get_mut::<Begun>() {
            values.record(&mut begun.fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let level = event.metadata().level().as_str().to_lowercase();
        self.output.note_lines(&[Line::new(format!("{level:>8}  "), text.0)]);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        if let Some(begun) = span.extensions().get::<Begun>() {
            let took = format!("{} ms", begun.at.elapsed().as_millis());
            let text = format!("{}{}", span.name(), begun.fields.0);
            self.output.note_lines(&[Line::new(format!("{took:>8}  "), text)]);
        }
    }
}
