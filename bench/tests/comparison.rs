//! The smallest form of `bench/run fifty`. Needs root.

use vaectl_bench::{Workspace, fifty, skip};

/// Each bound is far from what is usual: what it catches is a change of kind.
#[test]
fn stable_containers_are_cheap_to_watch_and_an_attack_on_one_is_told_of() {
    const NAME: &str = "stable_containers_are_cheap_to_watch_and_an_attack_on_one_is_told_of";
    if !rustix::process::geteuid().is_root() {
        return skip(NAME, "it takes root to start containers");
    }
    if let Some(part) = fifty::missing() {
        return skip(NAME, &format!("{part} is not there: run make packages"));
    }
    // A host that is busy with something else while it is measured is measured once more.
    let mut missed = Vec::new();
    while missed.len() < 2 {
        let workspace = Workspace::new("comparison").unwrap();
        let Some(ratios) = fifty::smoke(workspace.path()).unwrap() else {
            return skip(NAME, "there is no JDK for the server");
        };
        let far = ratios.user > 20.0
            && ratios.network > 300.0
            && ratios.storage > 300.0
            && ratios.documents.iter().all(|documents| *documents > 100.0);
        if far && ratios.attacks_found > 0 && ratios.coverage > 0.3 {
            return;
        }
        missed.push(ratios);
    }
    panic!("a bound was missed twice: {missed:?}");
}
