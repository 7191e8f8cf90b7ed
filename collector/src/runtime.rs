//! Container runtimes: which cgroups are containers, and what they are called.
//!
//! containerd through CRI finds its place in [`Resolver::resolve`] beside the others.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use vaectl_schemas::{Container, Image, ImageHash};

/// Where runc keeps the state of its containers, for those who call it directly, Podman, and Docker.
const STATE_ROOTS: [&str; 4] =
    ["/run/runc", "/run/docker/runtime-runc/moby", "/run/containerd/runc/moby", "/run/containerd/runc/k8s.io"];

/// Where crun does.
const CRUN: &str = "/run/crun";

/// Where Podman lists its containers: those that are removed at their end may be apart.
const CONTAINERS: [&str; 2] = ["containers.json", "volatile-containers.json"];

/// Annotations that say what a bundle was made of.
const IMAGE_NAME: [&str; 2] = ["org.opencontainers.image.ref.name", "io.kubernetes.cri.image-name"];
const IMAGE_DIGEST: [&str; 2] = ["org.opencontainers.image.base.digest", "org.opencontainers.image.digest"];

/// A cgroup that is a container.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) id: String,
    pub(crate) runtime: &'static str,
}

/// What a runtime says of a container.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) container: Container<'static>,
    pub(crate) command: Vec<String>,
}

/// Whether the cgroup at `path` is a container: by the form of its name, or because runc has a state for it.
pub(crate) fn classify(path: &str) -> Option<Candidate> {
    let leaf = path.rsplit('/').next().unwrap_or_default();
    let stem = leaf.strip_suffix(".scope").unwrap_or(leaf);
    for (prefix, runtime) in
        [("libpod-", "podman"), ("docker-", "docker"), ("cri-containerd-", "containerd"), ("crio-", "cri-o")]
    {
        if let Some(id) = stem.strip_prefix(prefix).filter(|id| is_id(id)) {
            return Some(Candidate { id: id.to_owned(), runtime });
        }
    }
    if is_id(stem) {
        let runtime = if path.contains("/docker/") { "docker" } else { "containerd" };
        return Some(Candidate { id: stem.to_owned(), runtime });
    }
    let id = stem.strip_prefix("runc-").unwrap_or(stem);
    let state = read_json(&Path::new(STATE_ROOTS[0]).join(id).join("state.json"))?;
    let recorded = state["cgroup_paths"].as_object()?.values().filter_map(Value::as_str).any(|p| p.ends_with(path));
    recorded.then(|| Candidate { id: id.to_owned(), runtime: "runc" })
}

fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn read_json(path: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Asks runtimes and engines.
pub(crate) struct Resolver {
    engine: Option<tokio::runtime::Runtime>,
}

impl Resolver {
    /// With `ask_engines` false only files are read.
    pub(crate) fn new(ask_engines: bool) -> Self {
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().ok();
        Self { engine: if ask_engines { runtime() } else { None } }
    }

    /// Whether its name has to be asked for, and is in no file.
    pub(crate) fn asks_an_engine(candidate: &Candidate) -> bool {
        candidate.runtime == "docker"
    }

    /// What is known of a container now; `None` where nobody knows it yet.
    pub(crate) fn resolve(&self, candidate: &Candidate) -> Option<Named> {
        let bundle = bundle_of(&candidate.id);
        match candidate.runtime {
            "docker" => self.docker(&candidate.id),
            "podman" => podman(&candidate.id, bundle.as_deref()?),
            _ => runc(candidate, bundle.as_deref()?),
        }
    }

    fn docker(&self, id: &str) -> Option<Named> {
        let docker = bollard::Docker::connect_with_defaults().ok()?;
        let inspect = docker.inspect_container(id, None);
        let found = self
            .engine
            .as_ref()?
            .block_on(async { tokio::time::timeout(std::time::Duration::from_secs(2), inspect).await.ok()?.ok() })?;
        let (image, tag) = split_reference(&found.config.as_ref()?.image.clone().unwrap_or_default());
        let command = found.path.into_iter().chain(found.args.into_iter().flatten()).collect();
        let name = found.name.map(|n| n.trim_start_matches('/').to_owned());
        Some(Named { container: container(id, name, "docker", image, tag, found.image), command })
    }
}

fn bundle_of(id: &str) -> Option<PathBuf> {
    let runc = || {
        let state = STATE_ROOTS.iter().find_map(|root| read_json(&Path::new(root).join(id).join("state.json")))?;
        let labels = state["config"]["labels"].as_array()?;
        labels.iter().filter_map(Value::as_str).find_map(|l| l.strip_prefix("bundle=")).map(PathBuf::from)
    };
    let crun = || read_json(&Path::new(CRUN).join(id).join("status"))?["bundle"].as_str().map(PathBuf::from);
    runc().or_else(crun)
}

fn command_of(config: &Value) -> Vec<String> {
    let args = config["process"]["args"].as_array().map(Vec::as_slice).unwrap_or_default();
    args.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn runc(candidate: &Candidate, bundle: &Path) -> Option<Named> {
    let config = read_json(&bundle.join("config.json"))?;
    let annotation = |names: [&str; 2]| names.iter().find_map(|n| config["annotations"][n].as_str()).map(str::to_owned);
    let (image, tag) = split_reference(&annotation(IMAGE_NAME).unwrap_or_default());
    let name = Some(candidate.id.clone());
    let container = container(&candidate.id, name, candidate.runtime, image, tag, annotation(IMAGE_DIGEST));
    Some(Named { container, command: command_of(&config) })
}

/// Podman keeps its containers and images in files beside the bundle: `<driver>-containers/<id>/userdata`.
fn podman(id: &str, bundle: &Path) -> Option<Named> {
    let containers = bundle.parent()?.parent()?;
    let driver = containers.file_name()?.to_str()?.strip_suffix("-containers")?;
    let find = |file| read_json(&containers.join(file))?.as_array()?.iter().find(|c| c["id"] == id).cloned();
    let record = CONTAINERS.into_iter().find_map(find)?;
    let metadata: Value = serde_json::from_str(record["metadata"].as_str().unwrap_or("{}")).ok()?;
    let image_id = record["image"].as_str().unwrap_or_default();
    let images = read_json(&containers.with_file_name(format!("{driver}-images")).join("images.json"));
    let digest = images
        .as_ref()
        .and_then(|images| images.as_array()?.iter().find(|i| i["id"] == image_id)?["digest"].as_str())
        .map_or_else(|| format!("sha256:{image_id}"), str::to_owned);
    let (image, tag) = split_reference(metadata["image-name"].as_str().unwrap_or_default());
    let name = record["names"][0].as_str().map(str::to_owned);
    let command = command_of(&read_json(&bundle.join("config.json"))?);
    Some(Named { container: container(id, name, "podman", image, tag, Some(digest)), command })
}

fn container(
    id: &str,
    name: Option<String>,
    runtime: &'static str,
    image: Option<String>,
    tag: Option<String>,
    digest: Option<String>,
) -> Container<'static> {
    let hash = digest.map(|d| ImageHash { all: Some(vec![d.into()]) });
    Container {
        id: Some(id.to_owned().into()),
        name: name.map(Into::into),
        runtime: Some(runtime.into()),
        image: Some(Image { name: image.map(Into::into), tag: tag.map(Into::into), hash }),
    }
}

/// Name and tag of an image reference; a registry's port is not a tag.
fn split_reference(reference: &str) -> (Option<String>, Option<String>) {
    let reference = reference.split('@').next().unwrap_or_default();
    let (name, tag) = match reference.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag.to_owned())),
        _ => (reference, None),
    };
    (Some(name.to_owned()).filter(|n| !n.is_empty()), tag)
}

#[cfg(test)]
mod tests {
    use super::{classify, split_reference};

    #[test]
    fn containers_are_told_from_what_stands_beside_them() {
        let id = "4f28cb05".repeat(8);
        for (path, runtime) in [
            (format!("/libpod_parent/libpod-{id}"), "podman"),
            (format!("/docker/{id}"), "docker"),
            (format!("/system.slice/docker-{id}.scope"), "docker"),
            (format!("/kubepods/pod1/cri-containerd-{id}.scope"), "containerd"),
        ] {
            assert_eq!(classify(&path).map(|c| c.runtime), Some(runtime), "{path}");
        }
        assert_eq!(classify(&format!("/libpod_parent/libpod-conmon-{id}")), None);
        assert_eq!(classify("/system.slice/cron.service"), None);
    }

    #[test]
    fn a_port_is_not_a_tag() {
        assert_eq!(split_reference("localhost:5000/a/nginx"), (Some("localhost:5000/a/nginx".to_owned()), None));
        assert_eq!(split_reference("nginx:1.22@sha256:ab"), (Some("nginx".to_owned()), Some("1.22".to_owned())));
    }
}
