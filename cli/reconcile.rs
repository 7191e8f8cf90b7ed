//! `vaectl publish --reconcile`: what was published, beside what the server says of it.

use std::io::Write;

use vaectl_publisher::{Balance, Line, Reconciliation};

use crate::error::{Exit, Failure};
use crate::io::signals::Requests;
use crate::io::sources::{self, Source};
use crate::printable;

/// Reads the lines of all sources.
pub(crate) fn read(
    sources: Vec<Source>,
    max_line_bytes: usize,
    requests: &Requests,
    windows: bool,
) -> Result<Reconciliation, Failure> {
    let mut reconciliation = Reconciliation::default();
    sources::for_each_line(sources, max_line_bytes, requests, |line, file| {
        reconciliation.take(Line::new(line, file.cloned()), windows);
        true
    })?;
    Ok(reconciliation)
}

/// Prints balances as a table; whether all of them agree.
pub(crate) fn tell(balances: &[Balance], out: &mut impl Write) -> Result<Exit, Failure> {
    let agree = balances.iter().all(|balance| balance.lines == balance.server);
    let mut rows = vec![["DATASET", "LINES", "SERVER"].map(str::to_owned).to_vec()];
    rows.extend(
        balances.iter().map(|balance| {
            vec![printable::text(&balance.dataset), balance.lines.to_string(), balance.server.to_string()]
        }),
    );
    writeln!(out, "{}{}", printable::columns(&rows), if agree { "they agree" } else { "they do not agree" })?;
    Ok(if agree { Exit::Done } else { Exit::Partial })
}
