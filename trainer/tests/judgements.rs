//! What a model makes of windows that it was not trained on.

use vaectl_schemas::Window;
use vaectl_scorer::model::Model;

use crate::support::{Load, SECOND, alarms, file, limit, run, share, stretched, three_runs, trained, window};

#[test]
fn merged_windows_and_shorter_ones_are_scored_by_their_real_length() {
    let folder = tempfile::tempdir().unwrap();
    let report = trained(folder.path(), &three_runs());
    let model = Model::load(file(&report)).unwrap();
    for parts in [3.0, 2.0, 0.6] {
        let calm: Vec<_> = run(4).iter().map(|window| stretched(window, parts)).collect();
        assert!(calm.iter().all(|window| model.scorable(window).is_ok()));
        let mut judged = Vec::new();
        model.judge(&calm.iter().collect::<Vec<_>>(), &mut judged);
        let beyond = judged.iter().filter(|j| j.score > limit(&model)).count();
        assert_eq!(beyond, 0, "as {parts} windows");
    }
    let short = stretched(&run(4)[0], 0.3);
    let why = model.scorable(&short).unwrap_err().to_string();
    assert_eq!(why, "the window covers 0.6 s of 2: too little to score");
    let mut longer = run(4).swap_remove(0);
    longer.vaectl.window.nominal_ns = 5 * SECOND;
    longer.vaectl.window.duration_ns = 5 * SECOND;
    let why = model.scorable(&longer).unwrap_err().to_string();
    assert_eq!(why, "its windows are of 2 s and these of 5 s: record with --window 2s, or train on these");
}

#[test]
fn a_window_that_calibrated_is_judged_as_it_was_then_also_where_its_run_alone_has_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut windows = three_runs();
    let newest = windows.iter().map(|w| w.vaectl.run.clone()).max().unwrap();
    for window in windows.iter_mut().filter(|w| w.vaectl.run == newest) {
        window.counters.push("syscall.madvise", 200.0);
    }
    let report = trained(folder.path(), &windows);
    let model = Model::load(file(&report)).unwrap();
    let calibrated: Vec<&Window<'static>> = windows.iter().filter(|w| w.vaectl.run == newest).collect();
    let mut judged = Vec::new();
    model.judge(&calibrated, &mut judged);
    let mut scores: Vec<f64> = judged.iter().map(|judgement| judgement.score).collect();
    scores.sort_by(f64::total_cmp);
    assert!(scores[scores.len() / 2].abs() < 0.5, "they lie about their own median: {scores:?}");
}

#[test]
fn a_fresh_run_is_calm_and_ten_times_the_processor_time_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let report = trained(folder.path(), &three_runs());
    println!("{report}");
    let model = Model::load(file(&report)).unwrap();
    let mut judged = Vec::new();
    for fresh in 4..14 {
        let windows = run(fresh);
        model.judge(&windows.iter().collect::<Vec<_>>(), &mut judged);
    }
    let beyond: Vec<bool> = judged.iter().map(|j| j.score > limit(&model)).collect();
    assert_eq!(alarms(&beyond), 0, "of {} fresh windows", judged.len());
    assert!(share(&beyond) < 0.01);
    assert!(judged.iter().all(|j| j.novelties.is_empty()));

    let mut mined = run(20);
    for window in &mut mined {
        let usual = window.counters.get("cpu.user_ns").unwrap();
        window.counters.set("cpu.user_ns", 10.0 * usual);
    }
    let mut judged = Vec::new();
    model.judge(&mined.iter().collect::<Vec<_>>(), &mut judged);
    assert!(judged.iter().all(|j| j.score > limit(&model)), "{}", limit(&model));
    let explanation = model.explain(&mined[0], &judged[0]);
    // It is both: more processor time, and fewer calls for it.
    let first: Vec<_> = explanation.attributions[..2].iter().map(|a| a.feature.as_str()).collect();
    assert!(first.contains(&"cpu.user_ns") && first.contains(&"calls_per_cpu_second"), "{first:?}");
    assert!(explanation.reason.contains("CPU-seconds in 2 s where"), "{}", explanation.reason);

    let mut flooded = run(21);
    for window in &mut flooded {
        window.counters = window.counters.iter().map(|(name, count)| (name.to_owned(), 8.0 * count)).collect();
    }
    let mut judged = Vec::new();
    model.judge(&flooded.iter().collect::<Vec<_>>(), &mut judged);
    assert!(judged.iter().all(|j| j.score > limit(&model)));
}

#[test]
fn a_machine_that_becomes_half_or_twice_as_fast_is_no_alarm() {
    let folder = tempfile::tempdir().unwrap();
    let model = Model::load(file(&trained(folder.path(), &three_runs()))).unwrap();
    for slowdown in [2.0, 0.5] {
        let mut windows: Vec<_> = (4..14).flat_map(run).collect();
        for window in &mut windows {
            let usual = window.counters.get("cpu.user_ns").unwrap();
            window.counters.set("cpu.user_ns", slowdown * usual);
        }
        let mut judged = Vec::new();
        model.judge(&windows.iter().collect::<Vec<_>>(), &mut judged);
        let beyond: Vec<bool> = judged.iter().map(|j| j.score > limit(&model)).collect();
        assert_eq!(alarms(&beyond), 0, "{slowdown} times the processor time: {} of all", share(&beyond));
    }
}

#[test]
fn one_at_a_time_and_batched_judge_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let model = Model::load(file(&trained(folder.path(), &three_runs()))).unwrap();
    let windows = run(5);
    let (mut batched, mut single) = (Vec::new(), Vec::new());
    model.judge(&windows.iter().collect::<Vec<_>>(), &mut batched);
    for window in &windows {
        model.judge(&[window], &mut single);
    }
    assert!(batched.iter().zip(&single).all(|(a, b)| a.score.to_bits() == b.score.to_bits() && a == b));
}

/// The whole life of a container that is shorter than a window.
fn life(run: u64) -> Window<'static> {
    let mut window = stretched(&window(run, 0, &mut Load::new(run)), 0.3);
    window.vaectl.window.part = true;
    window
}

#[test]
fn containers_that_live_shorter_than_a_window_have_a_model_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut windows: Vec<_> = (1..=160).map(life).collect();
    windows.extend([window(161, 0, &mut Load::new(161)), window(161, 1, &mut Load::new(161))]);
    let report = trained(folder.path(), &windows);
    assert_eq!(report.keys[0].left_out, [("of a longer life", 2)].into());
    let model = Model::load(file(&report)).unwrap();
    assert!(model.card().parts);
    let mut fresh: Vec<_> = (200..260).map(life).collect();
    fresh[7].execs.insert("/dev/shm/x".into(), 1);
    assert!(fresh.iter().all(|window| model.scorable(window).is_ok()));
    let mut judged = Vec::new();
    model.judge(&fresh.iter().collect::<Vec<_>>(), &mut judged);
    // No p-value below one in 810 is claimed of 80 windows.
    assert!(judged.iter().filter(|j| j.score > limit(&model)).count() <= 1);
    let new: Vec<_> = judged.iter().map(|j| j.novelties.len()).collect();
    assert_eq!((new[7], new.iter().sum::<usize>()), (1, 1));
    fresh[0].counters = fresh[0].counters.iter().map(|(name, count)| (name.to_owned(), 8.0 * count)).collect();
    judged.clear();
    model.judge(&[&fresh[0]], &mut judged);
    assert!(judged[0].score > limit(&model), "{} of {}", judged[0].score, limit(&model));
}
