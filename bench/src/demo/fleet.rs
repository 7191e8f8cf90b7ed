//! Containers under their usual load.

use std::ops::Range;
use std::time::Duration;

use crate::{Container, Engine, HarnessError, Image, Load, Options, Workspace, interrupt};

/// Web servers come first.
const IMAGES: [&str; 3] = ["nginx", "redis", "worker"];

/// Containers of each image that models are made of, half of which calibrate: what a model promises hangs on their number.
pub(super) const TEACHING: usize = 8;

/// Containers of each image that are watched.
pub(super) const WATCHED: usize = 3;

/// Containers of all images, where there are so many of each.
pub(super) const fn size(replicas: usize) -> usize {
    IMAGES.len() * replicas
}

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
    /// Starts so many of each image as there are numbers, and waits until they have settled.
    pub(super) fn start(
        images: &[Image],
        numbers: Range<usize>,
        seed: u64,
        workspace: &Workspace,
    ) -> Result<Self, HarnessError> {
        let mut members = Vec::with_capacity(size(numbers.len()));
        for image in images {
            for replica in numbers.clone() {
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
