//! What a probe did, and the lines that tell of it.

use serde_json::{Value, json};
use vaectl_bench::probe::Deed;
use vaectl_bench::{Container, Engine, HarnessError, Options};

use super::probe;
use super::recording::{Recording, counted, events};

/// The script as it was done, and as it was recorded.
pub(crate) struct Script {
    pub(crate) deeds: Vec<Deed>,
    pub(crate) lines: Vec<Value>,
    pub(crate) container: String,
}

impl Script {
    /// Records a container while its probe does something, to the container's end.
    pub(crate) fn of(act: impl Fn(&Container) -> Result<Vec<Deed>, HarnessError>, options: &Options) -> Self {
        Self::at("full", act, options)
    }

    /// The same at another depth.
    pub(crate) fn at(
        depth: &str,
        act: impl Fn(&Container) -> Result<Vec<Deed>, HarnessError>,
        options: &Options,
    ) -> Self {
        let (workspace, image) = probe();
        let recording = Recording::start(&["--window", "500ms", "--depth", depth], &[]);
        let container = Container::start(&Engine::Runc, &image, "probe", options, &workspace).unwrap();
        let id = container.id().to_owned();
        let deeds = act(&container).unwrap();
        drop(container);
        let lines = recording.stop_after_the_end_of(&id);
        Self { deeds, lines, container: id }
    }

    /// The deeds of a kind, in order.
    pub(crate) fn deeds(&self, action: &str) -> impl Iterator<Item = &Deed> {
        self.deeds.iter().filter(move |deed| deed.action == action)
    }

    /// The only deed of a kind.
    pub(crate) fn deed(&self, action: &str) -> &Deed {
        let [deed] = self.deeds(action).collect::<Vec<_>>()[..] else { panic!("{action} once in {:?}", self.deeds) };
        deed
    }

    /// The events of an action by a process, in order.
    pub(crate) fn events(&self, action: &'static str, pid: u32) -> Vec<&Value> {
        events(&self.lines, action).filter(|event| event["process"]["pid"] == pid).collect()
    }

    /// The only event of an action by a process that fits.
    pub(crate) fn event(&self, action: &'static str, pid: u32, fits: impl Fn(&Value) -> bool) -> &Value {
        let all = self.events(action, pid);
        let [event] = all.iter().filter(|event| fits(event)).collect::<Vec<_>>()[..] else {
            panic!("{action} by {pid} once in {all:#?}")
        };
        event
    }

    /// The sum of a counter over all windows.
    pub(crate) fn counted(&self, counter: &str) -> u64 {
        counted(&self.lines, counter)
    }

    /// Every file that was touched is told with its path, from the kernel's own file where the call left one open.
    pub(crate) fn tells_files(&self, walked: impl Fn(&Deed) -> bool) {
        let actions = ["create", "open", "chmod", "rename", "unlink"];
        for (action, deed) in actions.into_iter().flat_map(|action| self.deeds(action).map(move |deed| (action, deed)))
        {
            let of_it = |event: &Value| {
                let file = &event["file"];
                (file["path"].as_str(), file["target_path"].as_str(), file["mode"].as_str())
                    == (deed.path.as_deref(), deed.target.as_deref(), deed.mode.as_deref())
            };
            let event = self.event(action, deed.pid, of_it);
            assert_eq!(event["event"]["outcome"], if deed.result == 0 { "success" } else { "failure" }, "{event}");
            assert_eq!(event["vaectl"]["path_source"], if walked(deed) { "file" } else { "argument" }, "{event}");
        }
    }
}

/// Address, port and bytes of one end of a connection.
pub(crate) fn end(address: &str, port: Option<u16>, bytes: Option<u64>) -> Value {
    let mut end = json!({ "address": address, "ip": address, "port": port });
    if let Some(bytes) = bytes {
        end["bytes"] = json!(bytes);
    }
    end
}
