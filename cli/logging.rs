//! Logs: to standard error, as text or JSON, without colour unless a person looks.

use std::fmt;
use std::io::{IsTerminal, Write, stderr};

use clap::ValueEnum;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::error::Failure;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The least severe line that is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// Starts logging. A second call in one process changes nothing.
pub(crate) fn start(format: LogFormat, level: LogLevel) {
    let level = match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    // What the HTTP and engine clients say below a warning is about themselves.
    let targets = Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("vaectl", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(stderr).with_ansi(stderr().is_terminal());
    let lines = match format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let _ = tracing_subscriber::registry().with(lines.with_filter(targets)).try_init();
}

/// Says why the program fails: one line and its hints, or one JSON object.
pub(crate) fn fail(format: LogFormat, failure: &Failure) {
    let Failure::Report { message, hints, .. } = failure else { return };
    match format {
        LogFormat::Text => say(format_args!("{failure}\n")),
        LogFormat::Json => tracing::error!(hints = hints.join("; "), "{message}"),
    }
}

/// Says something on standard error, where perhaps nobody hears it: that is no reason to fail, as `eprint!` does.
pub(crate) fn say(text: fmt::Arguments<'_>) {
    let _ = stderr().write_fmt(text);
}
