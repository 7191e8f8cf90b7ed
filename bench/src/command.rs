//! Running programs and saying what they said.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::HarnessError;

/// Runs a command to its end and returns its output; a failure carries what it wrote to stderr.
pub(crate) fn run(command: &mut Command) -> Result<String, HarnessError> {
    let output = command.stdin(Stdio::null()).output().map_err(|source| missing(command, &source))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(HarnessError::Command {
        command: line(command),
        status: output.status,
        stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn missing(command: &Command, source: &std::io::Error) -> HarnessError {
    let program = command.get_program().to_string_lossy().into_owned();
    if source.kind() == std::io::ErrorKind::NotFound {
        let package = package_of(&program).to_owned();
        return HarnessError::Missing { program, package };
    }
    HarnessError::File {
        action: "start",
        path: Path::new(&program).to_owned(),
        source: std::io::Error::new(source.kind(), source.to_string()),
    }
}

fn package_of(program: &str) -> &str {
    match program {
        "docker" | "dockerd" => "docker.io",
        "nsenter" | "unshare" | "taskset" => "util-linux",
        "ip" => "iproute2",
        "cc" => "gcc libc6-dev",
        other => other,
    }
}
