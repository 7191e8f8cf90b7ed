//! Nine containers under their usual load.

use std::time::Duration;

use crate::{Container, Engine, HarnessError, Image, Load, Options, Workspace, interrupt};

/// Web servers come first.
const IMAGES: [&str; 3] = ["nginx", "redis", "worker"];

/// Containers of each image.
pub(super) const REPLICAS: usize = 3;

/// Containers in all.
pub(super) const SIZE: usize = IMAGES.len() * REPLICAS;

const PAGES_PER_SECOND: f64 = 45.0;
const OPERATIONS_PER_SECOND: f64 = 200.0;

/// Caches fill and first connections are made before anything is measured.
const SETTLE: Duration = Duration::from_secs(4);

/// One container and the load on it, which ends first.
#[derive(Debug)]
struct Member {
    _load: Option<Load>,
    container: Container,
}

/// Containers that end with the value.
#[derive(Debug)]
pub(super) struct Fleet(Vec<Member>);

pub(super) fn images(workspace: &Workspace) -> Result<Vec<Image>, HarnessError> {
    IMAGES.iter().map(|name| Image::build(name, workspace.path())).collect()
}

impl Fleet {
    /// Starts `REPLICAS` of each image, numbered from `first`, and waits until they have settled.
    pub(super) fn start(
        images: &[Image],
        first: usize,
        seed: u64,
        workspace: &Workspace,
    ) -> Result<Self, HarnessError> {
        let mut members = Vec::with_capacity(SIZE);
        for image in images {
            for replica in first..first + REPLICAS {
                let name = format!("{}-{replica}", image.name);
                let container = Container::start(&Engine::Runc, image, &name, &Options::default(), workspace)?;
                let seed = seed.wrapping_mul(1000) + members.len() as u64;
                let load = match image.name.as_str() {
                    "nginx" => Some(Load::http(&container, PAGES_PER_SECOND, seed)?),
                    "redis" => Some(Load::redis(&container, OPERATIONS_PER_SECOND, seed)?),
                    _ => None,
                };
                members.push(Member { _load: load, container });
            }
        }
        interrupt::pause(SETTLE)?;
        Ok(Self(members))
    }

    pub(super) fn containers(&self) -> impl Iterator<Item = &Container> {
        self.0.iter().map(|member| &member.container)
    }

    pub(super) fn container(&self, index: usize) -> &Container {
        &self.0[index].container
    }
}
