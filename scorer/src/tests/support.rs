//! A scripted model, lines to feed, and lines that came out.

use std::sync::Arc;

use serde_json::{Value, json};
use vaectl_schemas::{Grade, ModelMatch, RawLine, ScoreParts, Timestamp, Window};

use crate::judge::{About, Found, Judge, Library};
use crate::model::{Calibration, Cusum, Explanation, Weight};
use crate::{Config, Judgement, Keys, ModelError, Novelty, ScoreError, Scorer, Unscorable};

pub(super) const SECOND: u64 = 1_000_000_000;
const WINDOW: u64 = 5 * SECOND;
/// An hour begins here.
pub(super) const START: u64 = 1_795_492_800 * SECOND;

/// Its score is the counter `score`; `novel.weak` and `novel.strong` are new to it.
pub(crate) struct Scripted;

impl Judge for Scripted {
    fn judge(&self, windows: &[&Window<'_>], out: &mut Vec<Judgement>) {
        out.extend(windows.iter().map(|window| {
            let score = window.counters.get("score").unwrap_or(0.0);
            let novelty = |name: &str, weight| {
                let seen = window.counters.get(name)?;
                Some(Novelty { name: name.into(), weight, seen })
            };
            Judgement {
                novelties: [novelty("novel.weak", Weight::Weak), novelty("novel.strong", Weight::Strong)]
                    .into_iter()
                    .flatten()
                    .collect(),
                ..judgement(score)
            }
        }));
    }

    fn p_value(&self, score: f64) -> f64 {
        1.0 / (1.0 + (score - 1.0).exp())
    }

    fn explain(&self, _: &Window<'_>, judgement: &Judgement) -> Explanation {
        let score = judgement.score;
        let reason = if score > 4.0 { format!("The score is {score}.") } else { String::new() };
        Explanation { reason, ..Explanation::default() }
    }

    fn scorable(&self, window: &Window<'_>) -> Result<(), Unscorable> {
        let info = &window.vaectl.window;
        let window_ns = info.nominal_ns;
        if info.part {
            return Err(Unscorable::Edge);
        }
        if window_ns == WINDOW { Ok(()) } else { Err(Unscorable::Length { window_ns, model_ns: WINDOW }) }
    }

    fn about(&self) -> About<'_> {
        About { key: "key", hash: "hash", name: "web:1", grade: Grade::Established, calibration: &CALIBRATION }
    }
}

const CALIBRATION: Calibration = Calibration {
    windows: 1000,
    runs: 3,
    centre: 0.0,
    spread: 1.0,
    latent: 0.0,
    tail: None,
    suspect: 4.0,
    threshold: 6.0,
    cusum: Cusum { reference: 2.0, threshold: 18.0 },
    lowest_p: 0.001,
    episodes_per_day: 0.1,
    offset_bound: 0.5,
};

/// A judgement of a window without novelties.
pub(crate) fn judgement(score: f64) -> Judgement {
    let parts = ScoreParts { reconstruction: score, latent: 0.0 };
    Judgement { score, parts, p_value: Scripted.p_value(score), novelties: Vec::new() }
}

/// Knows the digest `sha256:known` exactly and `sha256:cousin` as another command's.
pub(super) struct Shelf(Arc<Scripted>);

impl Library for Shelf {
    fn find(&self, keys: &Keys) -> Option<Found> {
        let key = keys.digest.as_deref()?;
        let matched = [("known", ModelMatch::Exact), ("cousin", ModelMatch::Digest)];
        let (_, matched) = matched.into_iter().find(|(name, _)| key.contains(name))?;
        Some((self.0.clone(), matched))
    }

    fn reload(&mut self) -> Vec<ModelError> {
        Vec::new()
    }
}

pub(super) fn config() -> Config {
    Config::new("no-such-folder")
}

pub(super) fn scorer(config: Config) -> Scorer {
    Scorer::with_models(config, Box::new(Shelf(Arc::new(Scripted))))
}

/// Feeds lines, flushing after every `batch`, and ends the stream.
pub(super) fn bytes(config: Config, lines: &[String], batch: usize) -> Vec<u8> {
    bytes_until("eof", config, lines, batch)
}

fn bytes_until(cause: &str, config: Config, lines: &[String], batch: usize) -> Vec<u8> {
    let (mut scorer, mut out) = (scorer(config), Vec::new());
    for (i, line) in lines.iter().enumerate() {
        feed(&mut scorer, i as u64 + 1, line.as_bytes(), &mut out).unwrap();
        if (i + 1) % batch == 0 {
            scorer.flush(&mut out).unwrap();
        }
    }
    scorer.finish(cause, &mut out).unwrap();
    out
}

pub(super) fn feed(scorer: &mut Scorer, number: u64, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), ScoreError> {
    scorer.line(&RawLine { number, bytes, oversized: None, unterminated: false }, out)
}

/// What comes out for `lines`, one JSON value a line.
pub(super) fn run(config: Config, lines: &[String]) -> Vec<Value> {
    parse(&bytes(config, lines, 1))
}

/// The same, of a stream that ends for `cause`.
pub(super) fn run_until(cause: &str, lines: &[String]) -> Vec<Value> {
    parse(&bytes_until(cause, config(), lines, 1))
}

pub(super) fn parse(bytes: &[u8]) -> Vec<Value> {
    std::str::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The lines of one type.
pub(super) fn of<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["type"] == kind).collect()
}

/// The states of a container's verdicts.
pub(super) fn states(lines: &[Value], container: &str) -> Vec<String> {
    let verdicts = of(lines, "verdict").into_iter().filter(|v| v["container"]["id"] == container);
    verdicts.map(|v| v["vaectl"]["state"].as_str().unwrap().to_owned()).collect()
}

/// Event names of the events that came out, with the marks they got.
pub(super) fn events(lines: &[Value]) -> Vec<(String, bool, bool)> {
    let mark = |line: &Value| {
        let history = line["vaectl"]["history"] == true;
        (line["event"]["id"].as_str().unwrap().to_owned(), history, line["vaectl"]["incident"].is_string())
    };
    of(lines, "event").into_iter().map(mark).collect()
}

pub(super) fn time(ns: u64) -> String {
    Timestamp::from_ns(ns).to_string()
}

/// One container's lines, five seconds a window.
pub(super) struct Feed {
    pub(super) id: &'static str,
    digest: Option<&'static str>,
    pub(super) now: u64,
    number: u32,
}

impl Feed {
    pub(super) fn new(id: &'static str, digest: Option<&'static str>) -> Self {
        Self { id, digest, now: START, number: 0 }
    }

    pub(super) fn container(&self) -> Value {
        match self.digest {
            Some(digest) => {
                json!({"id": self.id, "image": {"name": "web", "tag": "1", "hash": {"all": [format!("sha256:{digest}")]}}})
            }
            None => json!({"id": self.id}),
        }
    }

    /// A window with these counters, and changes to its `vaectl.window`.
    pub(super) fn window_with(&mut self, counters: &Value, changes: &Value) -> String {
        self.now += WINDOW;
        self.number += 1;
        let mut window = json!({"nominal_ns": WINDOW, "duration_ns": WINDOW, "coverage": {"syscall": 1.0}, "lost": 0});
        for (name, value) in changes.as_object().unwrap() {
            window[name] = value.clone();
        }
        let text = json!({
            "vaectl": {"v": 1, "window": window, "run": format!("{}-run", self.id), "job": "job"},
            "counters": counters, "@timestamp": time(self.now),
            "event": {"kind": "metric", "dataset": "vaectl.window", "id": format!("{}-w{}", self.id, self.number)},
            "host": {"name": "node-1"}, "container": self.container(),
        });
        typed("window", &text)
    }

    pub(super) fn window(&mut self, score: f64) -> String {
        self.window_with(&json!({"score": score}), &json!({}))
    }

    pub(super) fn calm(&mut self, windows: usize) -> Vec<String> {
        (0..windows).map(|_| self.window(0.0)).collect()
    }

    /// An event within the present window.
    pub(super) fn event(&self, id: &str, action: &str) -> String {
        let dataset = if action == "connect" { "vaectl.network" } else { "vaectl.process" };
        self.event_with(id, &json!({"action": action, "dataset": dataset}), &json!({"pid": 7}))
    }

    /// A connection that it opened.
    pub(super) fn call(&self, id: &str, port: u16) -> String {
        let destination = json!({"ip": "192.0.2.1", "port": port}).to_string();
        let line = self.event(id, "connect");
        format!(r#"{},"destination":{destination}}}"#, line.strip_suffix('}').unwrap())
    }

    pub(super) fn event_with(&self, id: &str, event: &Value, process: &Value) -> String {
        let mut event = event.clone();
        event["id"] = id.into();
        let text = json!({
            "vaectl": {"v": 1}, "process": process, "@timestamp": time(self.now + SECOND),
            "event": event, "container": {"id": self.id},
        });
        typed("event", &text)
    }

    pub(super) fn line(&self, status: &str, container: &Value) -> String {
        let vaectl = json!({"v": 1, "status": status, "run": format!("{}-run", self.id), "job": "job"});
        typed("container", &json!({"vaectl": vaectl, "@timestamp": time(self.now), "container": container}))
    }

    pub(super) fn gap(&self, cause: &str) -> String {
        let vaectl = json!({"v": 1, "cause": cause, "lost": 3});
        typed("gap", &json!({"vaectl": vaectl, "@timestamp": time(self.now), "container": {"id": self.id}}))
    }
}

/// A line as this project writes it: type and version first.
pub(super) fn typed(kind: &str, rest: &Value) -> String {
    let mut rest = rest.clone();
    let vaectl = rest.as_object_mut().unwrap().remove("vaectl").unwrap();
    let mut inner = vaectl.clone();
    let v = inner.as_object_mut().unwrap().remove("v").unwrap();
    let join = |value: &Value| {
        let text = value.to_string();
        if text == "{}" { String::new() } else { format!(",{}", &text[1..text.len() - 1]) }
    };
    format!(r#"{{"type":"{kind}","vaectl":{{"v":{v}{}}}{}}}"#, join(&inner), join(&rest))
}
