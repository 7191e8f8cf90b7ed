//! Names that few runs have.

use std::collections::{BTreeMap, BTreeSet};

use vaectl_schemas::Window;
use vaectl_scorer::model::Seen;

/// Which windows of each run have a program or a counter that fewer than half of the runs have; what is `known` besides is
/// not rare.
pub(crate) fn rare(runs: &[&[&Window<'static>]], known: &Seen) -> Vec<Vec<bool>> {
    let mut having: BTreeMap<&str, usize> = BTreeMap::new();
    for run in runs {
        for name in run.iter().flat_map(|window| names(window)).collect::<BTreeSet<&str>>() {
            *having.entry(name).or_default() += 1;
        }
    }
    let is_known = |name: &str| known.counters.iter().any(|known| known == name) || known.execs.contains(name);
    let is_rare = |name: &str| 2 * having.get(name).copied().unwrap_or_default() < runs.len() && !is_known(name);
    runs.iter().map(|run| run.iter().map(|window| names(window).any(is_rare)).collect()).collect()
}

/// What is counted in a window, and the programs that were started in it.
fn names<'a>(window: &'a Window<'static>) -> impl Iterator<Item = &'a str> {
    let counters = window.counters.iter().filter(|(_, count)| *count > 0.0).map(|(name, _)| name);
    counters.chain(window.execs.keys().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::{Timestamp, Window, WindowInfo, WindowMeta};
    use vaectl_scorer::model::Seen;

    use super::rare;

    fn window(program: &str) -> Window<'static> {
        let meta = WindowMeta { v: 1, window: WindowInfo::default(), run: None, job: None, state: None };
        let mut window = Window::new(Timestamp::default(), meta);
        window.execs.insert(program.into(), 1);
        window
    }

    #[test]
    fn a_name_that_fewer_than_half_of_the_runs_have_is_rare_unless_it_is_known() {
        let (own, odd) = (window("/bin/own"), window("/bin/odd"));
        let (first, other) = ([&own, &odd], [&own, &own]);
        let runs: [&[&Window<'static>]; 3] = [&first, &other, &other];
        let got = rare(&runs, &Seen::default());
        assert_eq!(got, [[false, true], [false; 2], [false; 2]]);
        let mut known = Seen::default();
        known.learn(&odd);
        assert_eq!(rare(&runs, &known), [[false; 2]; 3]);
    }
}
