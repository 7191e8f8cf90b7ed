//! The publishers that are compared, each in a cgroup of its own and with its own data streams.

use std::error::Error;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use elasticsearch::http::Method;
use serde::{Deserialize, Serialize};

use super::fleet::Fleet;
use super::peer;
use super::proxy::Proxy;
use super::seed::Models;
use crate::Workspace;
use crate::cgroup::Cgroup;
use crate::duty::DUTY;
use crate::node::Node;
use crate::stage::{Stage, Totals, vaectl};

/// What a publisher still has to hand over at its end.
const DRAIN: Duration = Duration::from_mins(1);
/// The folder of what `score` knows of containers.
const STATE: &str = "state";

/// Who publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Publisher {
    /// Nobody.
    Nothing,
    /// `record --depth full | publish --no-merge`: every event is a document.
    Conventional,
    /// bpftrace and rsyslog.
    Peer,
    /// `record | score | publish`.
    Adaptive,
    /// The same, with the duty cycle.
    Duty,
}

impl Publisher {
    /// In the order of the tables; `stable` says who is first in which round.
    pub(super) const ALL: [Self; 5] = [Self::Conventional, Self::Peer, Self::Adaptive, Self::Nothing, Self::Duty];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Conventional => "conventional",
            Self::Peer => "peer",
            Self::Adaptive => "adaptive",
            Self::Duty => "duty",
        }
    }

    pub(super) fn is_adaptive(self) -> bool {
        matches!(self, Self::Adaptive | Self::Duty)
    }

    /// How its recorder counts calls, as further arguments.
    pub(super) fn counting(self) -> &'static [&'static str] {
        if self == Self::Duty { &["--census-duty", DUTY] } else { &[] }
    }
}

/// Where publishers work.
pub(super) struct Surroundings<'a> {
    pub(super) fleet: &'a Fleet,
    pub(super) node: &'a Node,
    pub(super) workspace: &'a Workspace,
    pub(super) models: &'a Models,
    pub(super) window_s: u64,
}

/// A publisher at work.
pub(super) struct Running {
    stages: Vec<Stage>,
    pub(super) proxy: Proxy,
    /// Behind the stages, which end first.
    pub(super) cgroup: Cgroup,
    verbose: bool,
}

impl Surroundings<'_> {
    /// The last part of a publisher's streams.
    pub(super) fn namespace(&self, publisher: Publisher) -> String {
        format!("fifty_{}_{}", publisher.name(), self.workspace.tag())
    }

    /// All that a publisher has on the server.
    pub(super) fn streams(&self, publisher: Publisher) -> String {
        let namespace = self.namespace(publisher);
        if publisher == Publisher::Peer { namespace } else { format!("vaectl-*-{namespace}") }
    }

    /// Deletes what a publisher has on the server.
    pub(super) fn clear(&self, publisher: Publisher) {
        if publisher == Publisher::Peer {
            let _ = self.node.ask(Method::Delete, &format!("/{}", self.streams(publisher)), None);
        } else {
            self.node.clear(&self.namespace(publisher));
        }
    }

    /// What a publisher has on the disk.
    pub(super) fn folder(&self, publisher: Publisher) -> io::Result<PathBuf> {
        let folder = self.workspace.path().join(publisher.name());
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Lets an adaptive publisher learn the containers' own ways from recorded windows, before it starts.
    pub(super) fn acquaint(&self, publisher: Publisher, windows: &Path) -> Result<(), Box<dyn Error>> {
        let folder = self.folder(publisher)?;
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let args = ["score", "--models", &text(self.models.of(publisher)), "--state", &text(&folder.join(STATE))];
        Ok(Stage::start(&args, File::open(windows)?.into(), Stdio::null(), &folder)?.finish(DRAIN)?)
    }

    /// Starts a publisher; what it knows of the containers stays over restarts.
    pub(super) fn start(&self, publisher: Publisher) -> Result<Running, Box<dyn Error>> {
        let cgroup = Cgroup::new(publisher.name(), self.workspace)?;
        let proxy = Proxy::start(self.node.url.trim_start_matches("http://"))?;
        let folder = self.folder(publisher)?;
        let stages = match publisher {
            Publisher::Nothing => Vec::new(),
            Publisher::Peer => peer::start(self, &cgroup, &proxy, &folder)?,
            _ => vec![self.stages(publisher, &cgroup, &proxy, &folder)?],
        };
        Ok(Running { stages, proxy, cgroup, verbose: publisher != Publisher::Peer })
    }

    fn stages(
        &self,
        publisher: Publisher,
        cgroup: &Cgroup,
        proxy: &Proxy,
        folder: &Path,
    ) -> Result<Stage, Box<dyn Error>> {
        let config = self.configure(publisher, proxy, folder)?;
        let stages = if publisher.is_adaptive() { "record,score,publish" } else { "record,publish" };
        let mut command = cgroup.command(vaectl());
        command.args(["run", "--log-format", "json", "--stages", stages, "--config"]).arg(config);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Ok(Stage::spawn(command, publisher.name(), &folder.join("log"))?)
    }

    fn configure(&self, publisher: Publisher, proxy: &Proxy, folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
        let (mut record, mut publish) =
            (format!("window = {}\ncontainer = {:?}\n", self.window_s, self.fleet.ids()), String::new());
        if publisher == Publisher::Conventional {
            record += "depth = 'full'\n";
            publish += "no-merge = true\n";
        } else {
            // What is told of an incident must not be lost; who tells of everything has no use for a disk between.
            publish.extend(["spool = '", &folder.join("spool").to_string_lossy(), "'\n"]);
        }
        if publisher == Publisher::Duty {
            record.extend(["census-duty = ", DUTY, "\n"]);
        }
        let show = Path::display;
        let text = format!(
            "[record]\n{record}[score]\nmodels = '{}'\nstate = '{}'\n[publish]\nto = '{}'\nnamespace = '{}'\n\
             dead-letter = '{}'\n{publish}",
            show(self.models.of(publisher)),
            show(&folder.join(STATE)),
            proxy.url(),
            self.namespace(publisher),
            show(&folder.join("dead-letter.ndjson")),
        );
        let path = folder.join("vaectl.toml");
        fs::write(&path, text)?;
        Ok(path)
    }
}

impl Running {
    pub(super) fn alive(&mut self) -> Result<(), Box<dyn Error>> {
        Ok(self.stages.iter_mut().try_for_each(Stage::alive)?)
    }

    /// Ends it; what its recorder says of its events, where it says so.
    pub(super) fn finish(self) -> Result<Option<Totals>, Box<dyn Error>> {
        let Self { stages, verbose, .. } = self;
        let mut totals = None;
        for stage in stages {
            stage.terminate();
            let log = stage.last_words(DRAIN)?;
            totals = totals.or(if verbose {
                Some(Totals::said(&log).ok_or("the recorder did not say what it did")?)
            } else {
                None
            });
        }
        Ok(totals)
    }
}
