use std::convert::Infallible;
use std::io::Write;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};
use vaectl_publisher::{Config, ErrorKind, Line, PublishError, SpoolLimits, Target};

use crate::context::{Context, Streams};
use crate::error::{Exit, Failure};
use crate::io::input::DRAIN;
use crate::io::reports::Reports;
use crate::io::signals::{Cause, Requests};
use crate::io::sources;
use crate::io::watchdog::Watchdog;
use crate::server::ServerArgs;
use crate::{reconcile, units};

/// How long lines under way are waited for once the end is asked for: until they are read, and handed over. The publisher
/// takes three more of the four seconds that a stage has.
const UNDER_WAY: Duration = DRAIN.saturating_add(Duration::from_millis(100));
/// A publisher that takes none for so long, though all it may have waits for it, will not take them in time.
const STANDSTILL: Duration = Duration::from_millis(200);

/// Write lines to a repository: a directory, standard output or Elasticsearch.
#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Args {
    /// Files of lines, plain or zstd; standard input where there are none.
    files: Vec<PathBuf>,
    /// Publish again what stands in FILES: of a dead letter the line that it quotes, of a folder all that is below it.
    #[arg(long, value_parser = BoolishValueParser::new(), requires = "files")]
    replay: bool,
    /// Publish nothing; compare what the lines of FILES come to with the server's own counts.
    #[arg(long, value_parser = BoolishValueParser::new(), conflicts_with_all = ["replay", "setup"])]
    reconcile: bool,
    /// Where to: `dir:PATH`, `stdout:`, or the URL of an Elasticsearch server; several, with commas, stand in for each
    /// other.
    #[arg(long, value_name = "TARGET")]
    to: Option<Target>,
    /// The file for lines that are malformed or refused.
    ///
    /// By default `dead-letter/<day>.ndjson` in a `dir:` repository; for a server `dead-letter.ndjson` in
    /// `$STATE_DIRECTORY`, or `vaectl-dead-letter.ndjson` here where that is not set; otherwise standard output, which
    /// also gets what a full disk does not take.
    #[arg(long, value_name = "FILE")]
    dead_letter: Option<PathBuf>,
    /// The folder where documents wait until the server has them, so that nothing is lost by an outage or a crash.
    ///
    /// By default `spool` in `$STATE_DIRECTORY`; where that is not set either, documents wait in memory, and a server
    /// that is away stops the reading.
    #[arg(long, value_name = "DIR")]
    spool: Option<PathBuf>,
    /// The most that may wait there; beyond it summaries are dropped, then events, then the reading stops.
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = units::size)]
    spool_bytes: usize,
    /// Publish windows too.
    #[arg(long, value_parser = BoolishValueParser::new())]
    windows: bool,
    /// A regular expression of further secrets in arguments and paths: its group `secret`, or all of it, is taken out.
    #[arg(long, value_name = "REGEX")]
    redact: Vec<String>,
    /// Publish arguments and paths as they are, secrets and all.
    #[arg(long, value_parser = BoolishValueParser::new())]
    no_redaction: bool,
    /// Give a server one document a line, instead of one for an exec with its exit or for connections to one peer.
    #[arg(long, value_parser = BoolishValueParser::new())]
    no_merge: bool,
    /// How long a repository that does not answer is asked again.
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = units::duration)]
    retry_for: Duration,
    /// Leave the server's index templates as they are.
    #[arg(long, value_parser = BoolishValueParser::new())]
    no_setup: bool,
    /// Install the index templates, and nothing else.
    #[arg(long, value_parser = BoolishValueParser::new(), conflicts_with = "no_setup")]
    setup: bool,
    /// Print what would be installed instead.
    #[arg(long, value_parser = BoolishValueParser::new(), requires = "setup")]
    dry_run: bool,
    /// The most documents in one request.
    #[arg(long, value_name = "N", default_value = "4000")]
    batch_documents: usize,
    /// The most bytes in one request.
    #[arg(long, value_name = "SIZE", default_value = "5M", value_parser = units::size)]
    batch_bytes: usize,
    /// The longest a document waits for others.
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = units::duration)]
    batch_age: Duration,
    /// How long the summaries of stable containers wait for each other.
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = units::duration)]
    summary_age: Duration,
    /// Send requests without compression.
    #[arg(long, value_parser = BoolishValueParser::new())]
    no_compression: bool,
    #[command(flatten)]
    server: ServerArgs,
}

impl Args {
    fn resolve(self, strict: bool) -> Result<Config, Failure> {
        let target = self.to.ok_or_else(|| {
            Failure::usage("no repository to publish to")
                .hint("give --to dir:PATH, --to stdout: or --to http://HOST:9200")
        })?;
        let mut config = Config::new(target);
        config.server = self.server.resolve()?;
        if let Target::Elasticsearch(_) = config.target {
            let letters = || state("dead-letter.ndjson").unwrap_or_else(|| "vaectl-dead-letter.ndjson".into());
            config.dead_letter = self.dead_letter.or_else(|| Some(letters()));
        } else {
            config.dead_letter = self.dead_letter;
        }
        let spool = self.spool.or_else(|| state("spool"));
        config.server.spool = spool.map(|folder| SpoolLimits { folder, bytes: self.spool_bytes as u64 });
        config.server.summary_age = self.summary_age;
        config.windows = self.windows;
        config.redact = (!self.no_redaction).then_some(self.redact);
        config.merge = !self.no_merge;
        config.strict = strict;
        config.replay = self.replay;
        config.retry_for = self.retry_for;
        config.server.setup = !self.no_setup;
        config.server.batch.documents = self.batch_documents;
        config.server.batch.bytes = self.batch_bytes;
        config.server.batch.age = self.batch_age;
        config.server.compress = !self.no_compression;
        Ok(config)
    }
}

/// A place in the folder that the service manager gives a service for what has to stay.
fn state(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("STATE_DIRECTORY")?;
    std::env::split_paths(&folders).next().map(|folder| folder.join(name))
}

pub(crate) fn execute(mut args: Box<Args>, context: Context) -> Result<Exit, Failure> {
    let (mut files, setup, reconciling) = (std::mem::take(&mut args.files), args.setup, args.reconcile);
    if args.dry_run {
        return print_templates(context);
    }
    if args.replay {
        files = sources::with_folders(files)?;
    }
    let config = args.resolve(context.shared.strict)?;
    let max_line_bytes = context.shared.max_line_bytes;
    let Streams { input, mut output, requests, signals, watchdog } = context.streams_with(Reports::default())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if setup {
        runtime.block_on(vaectl_publisher::setup(&config, std::future::pending()))?;
        return Ok(Exit::Done);
    }
    let sources = sources::open(&files, input)?;
    if reconciling {
        let lines = reconcile::read(sources, max_line_bytes, &requests, config.windows)?;
        return reconcile::tell(&runtime.block_on(lines.balance(&config))?, &mut output);
    }
    let (feeder, lines) = mpsc::channel(1024);
    let (reading, ended) = oneshot::channel::<()>();
    let shutdown = shutdown(&requests, feeder.downgrade(), ended);
    let asked = requests.clone();
    let read = move || {
        // Goes with the reading, however that ends.
        let _reading = reading;
        sources::for_each_line(sources, max_line_bytes, &asked, |line, file| {
            feeder.blocking_send(Line::new(line, file.cloned())).is_ok()
        })
    };
    let feeding = thread::Builder::new().name("input".into()).spawn(read)?;
    let enough = || requests.stop(Cause::Refusal);
    let published = runtime.block_on(async {
        tokio::select! {
            published = vaectl_publisher::publish(config, lines, &mut output, shutdown, enough) => published,
            never = fed(&watchdog) => match never {},
        }
    });
    output.finish()?;
    drop(signals);
    let totals = published?;
    // Nobody waits for a file that never ends once the end was asked for.
    if requests.cause().is_none() || feeding.is_finished() {
        feeding.join().map_err(|_| Failure::new(Exit::Host, "the reading thread ended early"))??;
    }
    Ok(if totals.failed() > 0 { Exit::Partial } else { Exit::Done })
}

/// Feeds the watchdog for as long as the publisher beside it lets this thread go: also while it waits for a server.
async fn fed(watchdog: &Watchdog) -> Infallible {
    loop {
        match watchdog.feed() {
            None => std::future::pending().await,
            Some(left) => tokio::time::sleep(left).await,
        }
    }
}

/// Prints what `--setup` installs, as the requests of a console.
fn print_templates(context: Context) -> Result<Exit, Failure> {
    let mut out = context.into_stdout();
    for (path, template) in vaectl_schemas::elasticsearch_templates() {
        write!(out, "PUT {path}\n{template}\n")?;
    }
    writeln!(out, "# On OpenSearch, in place of each lifecycle:\n")?;
    for (path, policy) in vaectl_schemas::opensearch_policies() {
        write!(out, "PUT {path}\n{policy}\n")?;
    }
    Ok(Exit::Done)
}

/// Waits until the stage has to end, also where that is long after the input did, and for lines that are under way then.
///
/// `ended` is over with the reading, which may stand and wait for the publisher: then there is nothing to wait for.
async fn shutdown(requests: &Requests, feeder: mpsc::WeakSender<Line>, ended: oneshot::Receiver<()>) {
    requests.stopped().await;
    let until = Instant::now() + UNDER_WAY;
    let taken = async {
        if let Some(feeder) = feeder.upgrade() {
            // Room comes to those who wait in their turn, and to the reading before.
            let _ = feeder.reserve().await;
        }
    };
    if timeout(STANDSTILL, taken).await.is_ok() {
        let _ = timeout_at(until, ended).await;
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        let exit = match error.kind() {
            ErrorKind::Input => Exit::Partial,
            ErrorKind::Configuration => Exit::Usage,
            ErrorKind::Host => Exit::Host,
            ErrorKind::Peer => Exit::Peer,
        };
        Self::caused(exit, &error)
    }
}
