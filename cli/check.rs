use std::io::Write;
use std::path::PathBuf;

use crate::context::Context;
use crate::error::{Exit, Failure};

/// Say what this host can and cannot do, and why.
///
/// Ends with exit code 3 where it cannot record.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn execute(_: &Args, context: Context) -> Result<Exit, Failure> {
    let facts = vaectl_collector::check();
    let mut stdout = context.into_stdout();
    writeln!(stdout, "host      {} ({}), Linux {}", facts.host_name, facts.host_id, facts.kernel)?;
    let cgroup2 = facts.cgroup2.as_ref().map_or("not mounted".to_owned(), |path| path.display().to_string());
    writeln!(stdout, "cgroup2   {cgroup2}{}", if facts.cgroup1.is_empty() { "" } else { ", with v1 controllers" })?;
    writeln!(stdout, "train     yes\nscore     yes\npublish   yes")?;
    let obstacles = facts.obstacles();
    if obstacles.is_empty() {
        writeln!(stdout, "record    yes")?;
        let config = vaectl_collector::Config::default();
        let leased = vaectl_collector::Config { control: Some(PathBuf::new()), ..config.clone() };
        let [plain, leased] = [&config, &leased].map(|config| config.kernel_bytes().div_ceil(1 << 20));
        let most = config.max_containers;
        writeln!(stdout, "  {plain} MB in the kernel for at most {most} containers, {leased} MB with --control")?;
        facts.missing().iter().try_for_each(|sentence| writeln!(stdout, "  {sentence}"))?;
        return Ok(Exit::Done);
    }
    writeln!(stdout, "record    no")?;
    obstacles.iter().try_for_each(|sentence| writeln!(stdout, "  {sentence}"))?;
    Ok(Exit::Host)
}
