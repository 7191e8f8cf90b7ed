//! Lines about the stage itself: its beginning, its account, its end.

use vaectl_schemas::{End, EndInfo, EventFields, Hello, HelloInfo, Ledger, LedgerInfo, VERSION, derived_id};

use crate::context::Context;

const STAGE: &str = "score";

fn event(dataset: &'static str, id: String) -> EventFields<'static> {
    EventFields {
        kind: Some("state".into()),
        dataset: Some(dataset.into()),
        id: Some(id.into()),
        ..EventFields::default()
    }
}

/// Gives the stream its identity and says that the stage began.
pub(crate) fn write_hello(first: &[u8], context: &mut Context, out: &mut Vec<u8>) {
    context.stream = derived_id("stream", [String::from_utf8_lossy(first).as_ref()]);
    let info =
        HelloInfo { v: VERSION, stage: STAGE.into(), tool: env!("CARGO_PKG_VERSION").into(), ..HelloInfo::default() };
    let mut line = Hello::new(context.now, info);
    line.event = event("vaectl.hello", context.stream_id("hello", ""));
    context.write(&line, out);
}

/// Says where the lines of every dataset went so far.
pub(crate) fn write_ledger(context: &mut Context, out: &mut Vec<u8>) {
    let info =
        LedgerInfo { v: VERSION, stage: STAGE.into(), datasets: context.ledger.datasets(), ..LedgerInfo::default() };
    let mut line = Ledger::new(context.now, info);
    line.event = event("vaectl.ledger", context.stream_id("ledger", &context.lines.to_string()));
    context.write(&line, out);
}

/// Says that the stage ended, and why.
pub(crate) fn write_end(cause: &str, malformed: u64, context: &mut Context, out: &mut Vec<u8>) {
    let info = EndInfo { v: VERSION, stage: STAGE.into(), cause: cause.to_owned(), lines: context.lines, malformed };
    let mut line = End::new(context.now, info);
    line.event = event("vaectl.end", context.stream_id("end", &context.lines.to_string()));
    context.write(&line, out);
}
