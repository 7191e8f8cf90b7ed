//! The `vaectl` program: the process's own arguments and descriptors, and nothing else.

use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

/// A window, a verdict and their lines are some hundred small allocations: with it `score` takes a tenth less for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let own = |fd: &dyn AsFd| fd.as_fd().try_clone_to_owned();
    let streams = || -> std::io::Result<(OwnedFd, OwnedFd)> { Ok((own(&std::io::stdin())?, own(&std::io::stdout())?)) };
    match streams() {
        Ok((stdin, stdout)) => vaectl::run(std::env::args_os(), stdin, stdout).into(),
        Err(error) => {
            // Perhaps nobody hears it.
            let _ = writeln!(std::io::stderr(), "error: cannot use standard input and output: {error}");
            vaectl::Exit::Host.into()
        }
    }
}
