//! Turns what waits into lines and writes them.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::sync::Arc;

use serde::Serialize;
use vaectl_schemas::{
    Clock as ClockLine, ClockInfo, End, EndInfo, EntityIds, EventFields, EventIds, Host, Ledger, LedgerInfo,
    OTHER_PROGRAMS, Timestamp, VERSION,
};

use crate::backlog::{Backlog, Item, records_in};
use crate::clock::Clock;
use crate::container::Identity;
use crate::event::{Decoder, identify};
use crate::facts::Facts;

/// Lines are handed on in blocks of about this size.
const BLOCK: usize = 64 * 1024;

struct Slot {
    identity: Arc<Identity>,
    window_end_ns: u64,
}

/// How a recording ended.
pub(crate) struct Ending {
    pub(crate) cause: &'static str,
    /// Events that were lost.
    pub(crate) lost: u64,
    /// Cells of flight recorders, where there are any, that were taken again before anybody read them.
    pub(crate) overwritten: Option<u64>,
    /// Events that were held and that nobody asked for.
    pub(crate) unwanted: u64,
}

pub(crate) struct Writer<W> {
    out: W,
    block: Vec<u8>,
    ids: EventIds,
    id: String,
    host: Host<'static>,
    decoder: Decoder,
    slots: HashMap<u32, Slot>,
    max_line_bytes: usize,
    lines: u64,
    events: u64,
    windows: u64,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(out: W, facts: &Facts, start: u128, max_line_bytes: usize) -> Self {
        let host = Host { id: Some(facts.host_id.clone().into()), name: Some(facts.host_name.clone().into()) };
        Self {
            out,
            block: Vec::with_capacity(2 * BLOCK),
            ids: EventIds::new(&facts.host_id, &facts.boot_id, start),
            id: String::new(),
            host,
            decoder: Decoder::new(Clock::now(), EntityIds::new(&facts.host_id, &facts.boot_id)),
            slots: HashMap::new(),
            max_line_bytes,
            lines: 0,
            events: 0,
            windows: 0,
        }
    }

    /// Writes until the backlog is closed, then the account and the end; how many lines and events there were.
    pub(crate) fn run(mut self, backlog: &Backlog, ending: impl FnOnce() -> Ending) -> io::Result<(u64, u64)> {
        while let Some(items) = backlog.take() {
            for item in items {
                self.item(item)?;
            }
            self.flush()?;
        }
        let Ending { cause, lost, overwritten, unwanted } = ending();
        let counts = |n: u64, lost: u64| BTreeMap::from([("seen".to_owned(), n + lost), ("lost".to_owned(), lost)]);
        let mut datasets = BTreeMap::from([
            ("vaectl.event".to_owned(), counts(self.events + unwanted, lost)),
            ("vaectl.window".to_owned(), counts(self.windows, 0)),
        ]);
        if unwanted > 0 {
            datasets.entry("vaectl.event".to_owned()).or_default().insert("suppressed".to_owned(), unwanted);
        }
        let of_recorders = |cells| ("vaectl.flight".to_owned(), [("overwritten".to_owned(), cells)].into());
        datasets.extend(overwritten.map(of_recorders));
        let ledger = LedgerInfo { v: VERSION, stage: "record".to_owned(), datasets, ..LedgerInfo::default() };
        let mut line = Ledger::new(Timestamp::now(), ledger);
        self.common(&mut line.event, &mut line.host, "metric", "vaectl.ledger");
        self.line(&line)?;
        let end = EndInfo {
            v: VERSION,
            stage: "record".to_owned(),
            cause: cause.to_owned(),
            lines: self.lines,
            malformed: 0,
        };
        let mut line = End::new(Timestamp::now(), end);
        self.common(&mut line.event, &mut line.host, "state", "vaectl.end");
        self.line(&line)?;
        self.flush()?;
        Ok((self.lines, self.events))
    }

    fn common(
        &mut self,
        event: &mut EventFields<'static>,
        host: &mut Option<Host<'static>>,
        kind: &'static str,
        dataset: &'static str,
    ) {
        let sequence = self.ids.next(&mut self.id);
        identify(event, &self.id, sequence);
        if event.kind.is_none() {
            event.kind = Some(kind.into());
            event.dataset = Some(dataset.into());
        }
        *host = Some(self.host.clone());
    }

    fn item(&mut self, item: Item) -> io::Result<()> {
        match item {
            Item::Hello(mut line) => {
                self.common(&mut line.event, &mut line.host, "state", "vaectl.hello");
                self.line(&line)?;
                self.flush()
            }
            Item::Bind(slot, identity) => {
                let end =
                    self.slots.get(&slot).filter(|s| s.identity.run == identity.run).map_or(0, |s| s.window_end_ns);
                self.slots.insert(slot, Slot { identity, window_end_ns: end });
                Ok(())
            }
            Item::Clock(clock, step) => {
                self.decoder.clock = clock;
                let Some(step_ns) = step else { return Ok(()) };
                let mut line = ClockLine::new(Timestamp::now(), ClockInfo { v: VERSION, step_ns });
                self.common(&mut line.event, &mut line.host, "state", "vaectl.clock");
                self.line(&line)
            }
            Item::Events(slot, records) => self.events(slot, &records, false),
            Item::History(slot, records) => self.events(slot, &records, true),
            Item::Window(slot, end_ns, mut line) => {
                if let Some(slot) = self.slots.get_mut(&slot) {
                    slot.window_end_ns = end_ns;
                }
                self.windows += 1;
                self.common(&mut line.event, &mut line.host, "metric", "vaectl.window");
                self.line(&line)
            }
            Item::Container(mut line) => {
                self.common(&mut line.event, &mut line.host, "state", "vaectl.container");
                self.line(&line)
            }
            Item::Gap(_, mut line) => {
                self.common(&mut line.event, &mut line.host, "metric", "vaectl.gap");
                self.line(&line)
            }
        }
    }

    fn events(&mut self, slot: u32, records: &[u8], history: bool) -> io::Result<()> {
        let known = self.slots.get(&slot).map(|s| (s.identity.container.clone(), s.window_end_ns));
        for record in records_in(records) {
            let Some((mut event, time_ns)) = self.decoder.decode(record) else { continue };
            if let Some((container, window_end_ns)) = &known {
                event.container = Some(container.clone());
                event.vaectl.late = !history && time_ns <= *window_end_ns;
            }
            event.vaectl.history = history;
            self.common(&mut event.event, &mut event.host, "event", "vaectl.process");
            self.events += 1;
            self.line(&event)?;
        }
        Ok(())
    }

    /// Appends a line; one that is too long loses its arguments, and of its programs those that there is no room for: a
    /// container chooses both.
    fn line<T: Serialize>(&mut self, line: &T) -> io::Result<()> {
        let start = self.block.len();
        serde_json::to_writer(&mut self.block, line)?;
        if self.block.len() - start > self.max_line_bytes {
            self.block.truncate(start);
            let mut value = serde_json::to_value(line)?;
            shorten(&mut value, self.max_line_bytes);
            serde_json::to_writer(&mut self.block, &value)?;
        }
        self.block.push(b'\n');
        self.lines += 1;
        if self.block.len() >= BLOCK { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.block)?;
        self.block.clear();
        self.out.flush()
    }
}

/// Takes arguments and labels out of a line, and programs that do not fit into `most` bytes, and says so.
fn shorten(line: &mut serde_json::Value, most: usize) {
    let before = line.pointer_mut("/vaectl/truncated").map(serde_json::Value::take);
    let mut cut = before.and_then(|cut| cut.as_array().cloned()).unwrap_or_default();
    if let Some(process) = line.get_mut("process").and_then(|p| p.as_object_mut())
        && process.remove("args").is_some()
        && !cut.iter().any(|field| field == "process.args")
    {
        cut.push(serde_json::Value::from("process.args"));
    }
    if line.pointer_mut("/vaectl").and_then(|v| v.as_object_mut()?.remove("command")).is_some() {
        cut.push("vaectl.command".into());
    }
    if let Some(programs) = line.get_mut("execs").map(serde_json::Value::take) {
        let room = most.saturating_sub(line.to_string().len() + SAYING_SO);
        line["execs"] = fitting(&programs, room);
        if line["execs"] != programs {
            cut.push("execs".into());
        }
    }
    if let Some(vaectl) = line.get_mut("vaectl").and_then(|v| v.as_object_mut()) {
        vaectl.insert("truncated".to_owned(), cut.into());
    }
}

/// More than it takes to say what was taken out of a line.
const SAYING_SO: usize = 256;

/// Programs with how often each was executed, the shortest names first, as many as have room; the others together.
fn fitting(programs: &serde_json::Value, room: usize) -> serde_json::Value {
    let mut all: Vec<(&String, u64)> =
        programs.as_object().into_iter().flatten().map(|(name, count)| (name, count.as_u64().unwrap_or(0))).collect();
    all.sort_by_key(|(name, _)| name.len());
    let (mut kept, mut used, mut others) = (serde_json::Map::new(), 0, 0);
    for (name, count) in all {
        used += serde_json::Value::from(name.as_str()).to_string().len() + count.to_string().len() + 2;
        if used <= room {
            kept.insert(name.clone(), count.into());
        } else {
            others += count;
        }
    }
    if others > 0 {
        let known = kept.get(OTHER_PROGRAMS).and_then(serde_json::Value::as_u64).unwrap_or(0);
        kept.insert(OTHER_PROGRAMS.to_owned(), (known + others).into());
    }
    kept.into()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{Backlog, Clock, Ending, Item, Writer, shorten};

    #[test]
    fn a_line_of_hostile_names_is_cut_to_its_room_and_every_execution_stays_counted() {
        let name = |n: u8| format!("/tmp/{n}{}", "\u{1}".repeat(200));
        let execs: serde_json::Map<String, Value> = (0..60).map(|n| (name(n), 2.into())).collect();
        let mut line = serde_json::json!({"type": "window", "vaectl": {"v": 1}, "execs": execs});
        line["execs"]["/bin/sh"] = 5.into();
        assert!(line.to_string().len() > 65_536);
        shorten(&mut line, 65_536);
        assert!(line.to_string().len() <= 65_536);
        let kept = line["execs"].as_object().unwrap();
        assert!(kept.len() > 10 && kept["/bin/sh"] == 5, "{}", kept.len());
        assert_eq!(kept.values().filter_map(Value::as_u64).sum::<u64>(), 125);
        assert_eq!(line["vaectl"]["truncated"], serde_json::json!(["execs"]));
    }

    #[test]
    fn a_step_of_the_wall_clock_is_a_line_and_none_is_none() {
        let backlog = Backlog::new(1 << 20);
        backlog.push([Item::Clock(Clock::now(), None), Item::Clock(Clock::now(), Some(-3_600_000_000_000))]);
        backlog.close();
        let mut out = Vec::new();
        let writer = Writer::new(&mut out, &crate::facts::check(), 1, 65536);
        writer.run(&backlog, || Ending { cause: "duration", lost: 0, overwritten: Some(7), unwanted: 0 }).unwrap();
        let lines: Vec<Value> =
            out.split(|b| *b == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
        let [clock, ledger, end] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!((&clock["type"], &clock["vaectl"]["step_ns"]), (&"clock".into(), &(-3_600_000_000_000_i64).into()));
        assert_eq!((&ledger["type"], &end["type"]), (&"ledger".into(), &"end".into()));
        assert_eq!(ledger["vaectl"]["datasets"]["vaectl.flight"]["overwritten"], 7);
    }
}
