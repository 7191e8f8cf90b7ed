use std::future::Future;
use std::io::Write;

use tokio::sync::mpsc;
use url::Url;

use crate::account::Account;
use crate::config::{Config, Server};
use crate::dead_letter::DeadLetters;
use crate::desk::Desk;
use crate::error::PublishError;
use crate::ledger::Ledger;
use crate::line::Line;
use crate::patience::Patience;
use crate::sinks::{DEAD_LETTERS, Directory, Elasticsearch, Sink, Stdout};
use crate::stop::Stop;
use crate::target::Target;

/// What was done, where the input was read to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// What became of the lines.
    pub ledger: Ledger,
    /// How many lines could not be read.
    pub malformed: u64,
    /// Whoever read standard output left before the end, which is success.
    pub closed: bool,
}

impl Totals {
    /// Lines that are in no repository and nobody stands for: exit code 1 where there are any.
    #[must_use]
    pub fn failed(&self) -> u64 {
        let total = self.ledger.total();
        if self.closed { 0 } else { total.dead_lettered + total.dropped }
    }
}

/// Publishes lines until their channel closes or `shutdown` is over.
///
/// A repository that takes nothing stops the reading, and the bound of the channel stops its feeder. `out` gets the
/// documents of a `stdout:` target, dead letters that have no file, and at the end a `ledger` and an `end` line. Once
/// `shutdown` is over the channel is closed, and what it still holds is delivered within 3 s or dead-lettered.
///
/// `enough` is called when no more is delivered although the channel is open. Whoever feeds it has to let go of it
/// then, after the lines that were read and not sent yet: these are accounted for with all the others.
///
/// # Errors
/// Where a place cannot be written to or a setting not be used, at once. Where a repository refuses or takes nothing
/// for [`Config::retry_for`], after everything that was received has become a dead letter.
pub async fn publish<W: Write>(
    config: Config,
    lines: mpsc::Receiver<Line>,
    out: W,
    shutdown: impl Future<Output = ()>,
    enough: impl FnOnce(),
) -> Result<Totals, PublishError> {
    let (stop, watching) = Stop::on(shutdown);
    tokio::select! {
        result = run(config, lines, out, stop, enough) => result,
        never = watching => never,
    }
}

/// Installs the index templates on the server and does nothing else; nothing at all for other targets.
///
/// # Errors
/// Where the server refuses them, or does not answer for [`Config::retry_for`].
pub async fn setup(config: &Config, shutdown: impl Future<Output = ()>) -> Result<(), PublishError> {
    let Target::Elasticsearch(urls) = &config.target else { return Ok(()) };
    let (stop, watching) = Stop::on(shutdown);
    let mut account = Account::new(DeadLetters::output(), std::io::sink());
    let server = Server { spool: None, setup: true, ..config.server.clone() };
    let mut sink = connect(urls, &server, config, stop)?;
    tokio::select! {
        result = sink.begin(&mut account) => result.map_err(|error| PublishError::Peer(error.to_string())),
        never = watching => never,
    }
}

async fn run<W: Write>(
    config: Config,
    lines: mpsc::Receiver<Line>,
    out: W,
    stop: Stop,
    enough: impl FnOnce(),
) -> Result<Totals, PublishError> {
    let letters = match (&config.dead_letter, &config.target) {
        (Some(path), _) => DeadLetters::file(path.clone())?,
        (None, Target::Directory(folder)) => DeadLetters::days(folder.join(DEAD_LETTERS)),
        (None, _) => DeadLetters::output(),
    };
    let desk = Desk::new(Account::new(letters, out), &config, stop.clone())?;
    match &config.target {
        Target::Directory(folder) => {
            let patience = Patience::new(config.retry_for, config.retry_delay, &stop);
            desk.work(Directory::open(folder, patience)?, lines, enough).await
        }
        Target::Stdout => desk.work(Stdout, lines, enough).await,
        Target::Elasticsearch(urls) => desk.work(connect(urls, &config.server, &config, stop)?, lines, enough).await,
    }
}

fn connect(urls: &[Url], server: &Server, config: &Config, stop: Stop) -> Result<Elasticsearch, PublishError> {
    Elasticsearch::connect(urls, server, Patience::new(config.retry_for, config.retry_delay, &stop), stop)
}
