//! Images made of the Debian packages that are installed here.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::command::run;
use crate::error::Naming;
use crate::{HarnessError, interrupt};

/// The programs that busybox stands in for.
const APPLETS: &[&str] = &[
    "sh",
    "cat",
    "chmod",
    "cp",
    "echo",
    "gzip",
    "id",
    "kill",
    "ls",
    "mkdir",
    "mv",
    "ps",
    "rm",
    "sha256sum",
    "sleep",
    "sort",
    "touch",
    "wc",
    "wget",
];

/// Debian merged these into `/usr`, and linked programs name their loader by them.
const MERGED: &[(&str, &str)] = &[("bin", "usr/bin"), ("sbin", "usr/sbin"), ("lib", "usr/lib"), ("lib64", "usr/lib64")];

/// `image.toml`: what an image is made of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recipe {
    /// The package whose version is the tag.
    package: String,
    /// Packages that are copied whole, but for `/usr/share`.
    #[serde(default)]
    contents: Vec<String>,
    /// Single files of this machine.
    #[serde(default)]
    files: Vec<PathBuf>,
    /// Whole folders of this machine.
    #[serde(default)]
    trees: Vec<PathBuf>,
    /// C sources beside the recipe, linked statically into `/bin`.
    #[serde(default)]
    sources: Vec<PathBuf>,
    /// Entrypoint and arguments.
    command: Vec<String>,
    /// `NAME=value` for the workload.
    #[serde(default)]
    env: Vec<String>,
    /// The port on which the workload listens.
    port: Option<u16>,
}

/// An image on this disk: a folder for `runc`, a tar file for engines that import one.
#[derive(Clone, Debug)]
pub struct Image {
    /// The repository: `nginx`.
    pub name: String,
    /// The upstream version of the package: `1.22.1`.
    pub tag: String,
    /// `sha256:` and the hash of the tar file, which is the same for the same packages.
    pub digest: String,
    /// Entrypoint and arguments: the same for all containers of the image, so that they share a model.
    pub command: Vec<String>,
    /// `NAME=value` for the workload.
    pub env: Vec<String>,
    /// The port on which the workload listens.
    pub port: Option<u16>,
    /// The root folder. Containers mount it read-only.
    pub rootfs: PathBuf,
    /// The same as a tar file.
    pub tar: PathBuf,
}

impl Image {
    /// Builds `tests/containers/<name>` below `folder`, in about a second.
    pub fn build(name: &str, folder: &Path) -> Result<Self, HarnessError> {
        interrupt::check()?;
        let source = recipes().join(name);
        let recipe = Recipe::read(&source.join("image.toml"))?;
        let rootfs = folder.join(name);
        lay_out(&rootfs)?;
        let mut files: BTreeSet<PathBuf> = recipe.files.iter().cloned().collect();
        files.insert("/bin/busybox".into());
        for package in &recipe.contents {
            files.extend(files_of(package)?);
        }
        files.extend(libraries(&files)?);
        for file in &files {
            copy(file, &rootfs.join(below_root(file)))?;
        }
        for program in &recipe.sources {
            let name = program.file_stem().unwrap_or(program.as_os_str());
            compile(&source.join(program), &rootfs.join("usr/bin").join(name))?;
        }
        for tree in &recipe.trees {
            overlay(tree, &rootfs.join(below_root(tree)))?;
        }
        for folder in [recipes().join("base/rootfs"), source.join("rootfs")] {
            if folder.is_dir() {
                overlay(&folder, &rootfs)?;
            }
        }
        let tar = rootfs.with_extension("tar");
        Ok(Self {
            name: name.to_owned(),
            tag: version_of(&recipe.package)?,
            digest: pack(&rootfs, &tar)?,
            command: recipe.command,
            env: recipe.env,
            port: recipe.port,
            rootfs,
            tar,
        })
    }

    /// Name and tag as an engine writes them: `nginx:1.22.1`.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}:{}", self.name, self.tag)
    }
}

impl Recipe {
    fn read(path: &Path) -> Result<Self, HarnessError> {
        let text = fs::read_to_string(path).naming("read", path)?;
        toml::from_str(&text).map_err(|error| HarnessError::Recipe { path: path.to_owned(), reason: error.to_string() })
    }
}

/// Compiles one C file of `tests/containers` into a program that needs no library.
pub(crate) fn compile(source: &Path, program: &Path) -> Result<(), HarnessError> {
    run(Command::new("cc").args(["-O2", "-static", "-Wall", "-Wextra", "-Werror", "-o"]).arg(program).arg(source))?;
    Ok(())
}

/// The folder of image recipes.
pub(crate) fn recipes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/containers")
}

fn lay_out(rootfs: &Path) -> Result<(), HarnessError> {
    for folder in [
        "usr/bin",
        "usr/sbin",
        "usr/lib",
        "usr/lib64",
        "etc",
        "dev",
        "proc",
        "sys",
        "run",
        "tmp",
        "var",
        "root",
        "control",
    ] {
        let folder = rootfs.join(folder);
        fs::create_dir_all(&folder).naming("create", &folder)?;
    }
    for (name, target) in MERGED {
        symlink(target, rootfs.join(name)).naming("link in", rootfs)?;
    }
    for applet in APPLETS {
        symlink("busybox", rootfs.join("usr/bin").join(applet)).naming("link in", rootfs)?;
    }
    Ok(())
}

fn below_root(path: &Path) -> &Path {
    path.strip_prefix("/").unwrap_or(path)
}

/// Copies what `from` is or leads to.
fn copy(from: &Path, to: &Path) -> Result<(), HarnessError> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).naming("create", folder)?;
    }
    fs::copy(from, to).naming("copy", from)?;
    Ok(())
}

/// Lays all of one folder over another.
fn overlay(from: &Path, to: &Path) -> Result<(), HarnessError> {
    fs::create_dir_all(to).naming("create", to)?;
    run(Command::new("cp").args(["-a", "--no-preserve=ownership"]).arg(from.join(".")).arg(to))?;
    Ok(())
}

fn files_of(package: &str) -> Result<Vec<PathBuf>, HarnessError> {
    let listing = run(Command::new("dpkg").args(["-L", package]))?;
    let kept = listing.lines().map(PathBuf::from).filter(|path| !path.starts_with("/usr/share") && path.is_file());
    Ok(kept.collect())
}

fn version_of(package: &str) -> Result<String, HarnessError> {
    let version = run(Command::new("dpkg-query").args(["-W", "-f", "${source:Upstream-Version}", package]))?;
    Ok(version.rsplit(':').next().unwrap_or_default().to_owned())
}

/// What the programs and modules among `files` are linked with, by the dynamic loader's own word.
fn libraries(files: &BTreeSet<PathBuf>) -> Result<BTreeSet<PathBuf>, HarnessError> {
    // Not `run`: ldd fails as soon as one of the files is linked with nothing, as busybox is.
    let output = Command::new("ldd").args(files).output().naming("start", Path::new("ldd"))?;
    let listing = String::from_utf8_lossy(&output.stdout);
    // Tab, then `libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x...)` or the loader: `/lib64/ld-linux... (0x...)`.
    let lines = listing.lines().filter(|line| line.starts_with('\t'));
    Ok(lines.filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/'))).map(PathBuf::from).collect())
}

/// Packs a folder so that the same files give the same bytes, and returns the digest of these.
fn pack(rootfs: &Path, tar: &Path) -> Result<String, HarnessError> {
    let same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--format=ustar"];
    run(Command::new("tar").args(same).arg("-cf").arg(tar).arg("-C").arg(rootfs).arg("."))?;
    let line = run(Command::new("sha256sum").arg(tar))?;
    Ok(format!("sha256:{}", line.split_whitespace().next().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::{Image, recipes};

    #[test]
    fn the_same_packages_give_the_same_digest() {
        let folder = crate::Workspace::new("image").unwrap();
        let [first, second] = ["a", "b"].map(|part| Image::build("redis", &folder.path().join(part)).unwrap());
        assert_eq!(first.digest, second.digest);
        assert!(first.rootfs.join("lib64/ld-linux-x86-64.so.2").is_file());
        assert!(first.rootfs.join("entrypoint").is_file());
    }

    #[test]
    fn every_recipe_builds() {
        let folder = crate::Workspace::new("image").unwrap();
        for recipe in std::fs::read_dir(recipes()).unwrap() {
            let path = recipe.unwrap().path();
            if path.join("image.toml").is_file() {
                let name = path.file_name().unwrap().to_str().unwrap();
                let image = Image::build(name, folder.path()).unwrap();
                assert!(image.tar.is_file() && image.reference().contains(':'), "{image:?}");
            }
        }
    }
}
