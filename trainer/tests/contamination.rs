//! Attacks among the windows that a model is trained on.

use vaectl_schemas::Window;
use vaectl_scorer::model::Model;
use vaectl_trainer::Outcome;

use crate::support::{alarms, file, limit, run, share, trained};

/// How contamination lies in the runs.
#[derive(Clone, Copy, Debug)]
enum Spread {
    /// All of it in the third of six runs.
    OneRun,
    /// One window at a time, evenly over all runs.
    Evenly,
    /// One spell in every run.
    Spells,
}

/// What became of a model that was trained on a miner's windows among others.
#[derive(Debug)]
struct Contaminated {
    notes: Vec<String>,
    /// The share of a miner's windows, and of a flood's, that are beyond the threshold.
    miner: f64,
    flood: f64,
    /// Calm windows that open an episode with one of the two before.
    false_alarms: usize,
}

fn contaminated(percent: usize, spread: Spread) -> Contaminated {
    let mut windows: Vec<_> = (1..=6).flat_map(run).collect();
    let count = windows.len();
    let mined = count * percent / 100;
    let is_mined = |at: usize| match spread {
        Spread::OneRun => (120..120 + mined).contains(&at),
        Spread::Evenly => percent > 0 && at % (100 / percent) == 50 / percent,
        Spread::Spells => (20..20 + mined.div_ceil(6)).contains(&(at % 60)),
    };
    windows.iter_mut().enumerate().filter(|(at, _)| is_mined(*at)).for_each(|(_, window)| mine(window));
    let folder = tempfile::tempdir().expect("a folder can be made");
    let report = trained(folder.path(), &windows);
    let Outcome::Trained(figures) = &report.keys[0].outcome else { panic!("{report}") };
    let model = Model::load(file(&report)).expect("it was just written");
    let beyond = |windows: &[Window<'static>]| -> Vec<bool> {
        let mut judged = Vec::new();
        model.judge(&windows.iter().collect::<Vec<_>>(), &mut judged);
        judged.iter().map(|j| j.score > limit(&model)).collect()
    };
    let (mut mined, mut flooded) = (run(30), run(30));
    mined.iter_mut().for_each(mine);
    for window in &mut flooded {
        window.counters = window.counters.iter().map(|(name, count)| (name.to_owned(), 8.0 * count)).collect();
    }
    Contaminated {
        notes: figures.notes.clone(),
        miner: share(&beyond(&mined)),
        flood: share(&beyond(&flooded)),
        false_alarms: (31..36).map(|fresh| alarms(&beyond(&run(fresh)))).sum(),
    }
}

/// Ten times the usual processor time.
fn mine(window: &mut Window<'static>) {
    let usual = window.counters.get("cpu.user_ns").expect("it is on every window");
    window.counters.set("cpu.user_ns", 10.0 * usual);
}

#[test]
fn one_and_five_percent_of_an_attack_in_a_run_cost_no_recall() {
    for percent in [0, 1, 5] {
        let of = contaminated(percent, Spread::OneRun);
        let told = of.notes.iter().any(|note| note.contains(&format!("{} windows are far off", 360 * percent / 100)));
        assert_eq!((told, of.miner, of.flood, of.false_alarms), (percent > 0, 1.0, 1.0, 0), "{percent} %: {of:?}");
    }
}

#[test]
fn of_an_attack_that_one_percent_of_all_runs_is_most_windows_are_found() {
    // More than that, one window at a time and in every run, is a habit.
    let of = contaminated(1, Spread::Evenly);
    assert_eq!((of.miner > 0.6, of.flood, of.false_alarms), (true, 1.0, 0), "{of:?}");
}

#[test]
fn what_every_run_does_for_a_while_is_a_habit_and_hides_no_other_attack() {
    let of = contaminated(5, Spread::Spells);
    assert_eq!((of.flood, of.false_alarms), (1.0, 0), "{of:?}");
    assert!(!of.notes.iter().any(|note| note.contains("far off")), "{of:?}");
}
