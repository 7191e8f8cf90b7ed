//! What is recorded, part by part: containers, their load, and what is done to them and when, all of it from one seed.

use std::ops::Range;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::catalog::{ATTACKS, Attack, Change, Method};
use super::service::{SERVICES, Service};
use crate::Shape;

/// What is recorded in one go.
#[derive(Debug)]
pub(super) struct Part {
    /// Its folder in the archive.
    pub(super) name: String,
    /// How long it lasts, in seconds.
    pub(super) seconds: u64,
    pub(super) replicas: Vec<Replica>,
    /// In the order of time.
    pub(super) deeds: Vec<Deed>,
}

/// What a container is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Models are made of it.
    Run,
    /// Nothing is done to it.
    Steady,
    Attacked,
    /// It sees benign changes.
    Changed,
}

/// A container.
#[derive(Debug)]
pub(super) struct Replica {
    pub(super) service: &'static Service,
    role: Role,
    /// Its name, but for the tag of the workspace.
    pub(super) name: String,
    /// Of its load.
    pub(super) seed: u64,
    pub(super) shape: Shape,
    /// Under a seccomp profile like that of the engines.
    pub(super) confined: bool,
}

/// What is done to a container.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    /// Seconds from the beginning of the part.
    pub(super) at: f64,
    /// Which of the part's replicas.
    pub(super) replica: usize,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum What {
    /// An attack; with or without a program that is brought in.
    Attack(&'static Attack, bool),
    /// A change that may not open an incident.
    Change(Change),
    /// The same as a part of the service's usual life.
    Routine(Change),
}

impl What {
    pub(super) fn seconds(&self) -> u64 {
        match self {
            Self::Attack(attack, _) => attack.seconds(),
            Self::Change(change) | Self::Routine(change) => change.seconds(),
        }
    }
}

/// What all containers' names begin with: nothing else on the machine is recorded.
pub(super) const PREFIX: &str = "attacks-";

/// How the names of parts begin that models are made of.
pub(super) const LEARN: &str = "learn";

/// Runs that teach, and runs that calibrate: the trainer takes the newest for that.
const LEARNING: usize = 5;

/// Each replica that is learned from has each routine change so often: about every three minutes.
const ROUTINES: usize = 4;
/// What a routine change takes at most, but for health checks, whose windows teach nothing.
const ROUTINE_SECONDS: f64 = 10.0;

/// Test runs of each image.
const TESTS: usize = 3;

/// Replicas of an image in a test that nothing is done to, and that are attacked; one more sees benign changes.
const STEADY: usize = 8;
/// The same in a soak.
const SOAKED: usize = 32;
const ATTACKED: usize = 3;

/// Each benign change is made so often.
const TIMES: usize = 10;

/// In so many of the images an attack is also made without a program.
const WITHOUT_PROGRAM: usize = 2;

/// More than six hundred windows of a service are left once those of health checks are out.
const LEARN_SECONDS: u64 = 840;
const TEST_SECONDS: u64 = 725;
const QUICK_SECONDS: u64 = 270;
const SOAK_SECONDS: u64 = 1000;

/// An instance learns its offset from its first thirty windows: two and a half minutes.
const WARM: f64 = 160.0;

/// From one attack to the next: it lasts 40 s, and its incident closes a minute later.
const ATTACK_SLOT: f64 = 140.0;
const CHANGE_SLOT: f64 = 105.0;

/// The whole bench: one part to learn from, three to test on.
pub(super) fn full(seed: u64) -> Vec<Part> {
    let mut noise = StdRng::seed_from_u64(seed);
    let mut parts = vec![Part::learn(&SERVICES.each_ref(), LEARN_SECONDS, &mut noise)];
    let services = &SERVICES.each_ref();
    parts.extend(
        (1..=TESTS).map(|test| Part::test(&format!("test-{test}"), TEST_SECONDS, services, STEADY, &mut noise)),
    );
    let mut changes = Vec::new();
    for (at, service) in SERVICES.iter().enumerate() {
        let ways = ATTACKS.iter().enumerate().filter(|(_, attack)| attack.is_inside() || service.is_web());
        let mut attacks: Vec<_> = ways.clone().map(|(_, attack)| (attack, true)).collect();
        // Each in two of the five images, another two for the next one.
        let resident = ways
            .filter(|(i, attack)| attack.is_inside() && (i + SERVICES.len() - at) % SERVICES.len() < WITHOUT_PROGRAM);
        attacks.extend(resident.map(|(_, attack)| (attack, false)));
        attacks.shuffle(&mut noise);
        deal_attacks(&mut parts[1..], service, attacks, &mut noise);
    }
    for change in Change::ALL {
        changes.extend([change; TIMES]);
    }
    deal_changes(&mut parts[1..], changes, &mut noise);
    finish(parts)
}

/// Three images and three attacks, in a quarter of an hour.
pub(super) fn quick(seed: u64) -> Vec<Part> {
    let services = [&SERVICES[0], &SERVICES[1], &SERVICES[2]];
    let mut noise = StdRng::seed_from_u64(seed);
    let mut test = Part::test("test-1", QUICK_SECONDS, &services, 2, &mut noise);
    for service in services {
        let named = |name: &str| ATTACKS.iter().find(move |attack| attack.name == name);
        let attacks = [named("miner 25 %"), named(if service.is_web() { "flood x5" } else { "scan 100/s" })];
        let attacks = attacks.into_iter().chain([named("reverse shell, typing")]).flatten();
        for (attack, replica) in attacks.zip(test.those_of(service, Role::Attacked)) {
            let at = noise.random_range(WARM..test.seconds as f64 - 65.0);
            test.deeds.push(Deed { at, replica, what: What::Attack(attack, true) });
        }
    }
    finish(vec![Part::learn(&services, 560, &mut noise), test])
}

/// So many parts of containers that nothing is done to.
pub(super) fn soak(seed: u64, parts: usize) -> Vec<Part> {
    let mut noise = StdRng::seed_from_u64(seed);
    let mut soak = |part| {
        let mut part = Part::test(&format!("soak-{part}"), SOAK_SECONDS, &SERVICES.each_ref(), SOAKED, &mut noise);
        part.replicas.retain(|replica| replica.role == Role::Steady);
        part
    };
    (1..=parts).map(&mut soak).collect()
}

fn finish(mut parts: Vec<Part>) -> Vec<Part> {
    for part in &mut parts {
        part.deeds.sort_by(|a, b| a.at.total_cmp(&b.at));
        for Deed { at, replica, what } in &part.deeds {
            if let What::Attack(Attack { method: Method::UnderLoad(_), .. }, _) = what {
                let replica = &mut part.replicas[*replica];
                let when: Range<f64> = *at..at + what.seconds() as f64;
                replica.shape = std::mem::take(&mut replica.shape).peak(when);
            }
        }
    }
    parts
}

/// Gives every attack on an image a container and a time; what needs a seccomp profile gets one that has it.
fn deal_attacks(parts: &mut [Part], service: &Service, mut attacks: Vec<(&'static Attack, bool)>, noise: &mut StdRng) {
    let mut slots = Vec::new();
    for (part, Part { seconds, .. }) in parts.iter().enumerate() {
        for replica in parts[part].those_of(service, Role::Attacked) {
            let count = ((*seconds as f64 - WARM) / ATTACK_SLOT).floor();
            slots.extend((0..count as usize).map(|slot| (part, replica, slot)));
        }
    }
    slots.shuffle(noise);
    let confined = |attack: &Attack| matches!(attack.method, Method::Confined(_));
    attacks.sort_by_key(|(attack, _)| !confined(attack));
    for (attack, with_program) in attacks {
        let fits = |&(part, replica, _): &(usize, usize, usize)| {
            let profile = parts[part].replicas[replica].confined;
            profile == confined(attack) || attack.name != "escape probe" && !confined(attack)
        };
        let at = slots.iter().position(fits).expect("there is room for every attack");
        let (part, replica, slot) = slots.swap_remove(at);
        let at = WARM + slot as f64 * ATTACK_SLOT + noise.random_range(0.0..ATTACK_SLOT - 115.0);
        parts[part].deeds.push(Deed { at, replica, what: What::Attack(attack, with_program) });
    }
}

/// Spreads benign changes over the containers that are there for them.
fn deal_changes(parts: &mut [Part], mut changes: Vec<Change>, noise: &mut StdRng) {
    changes.shuffle(noise);
    let mut slots = Vec::new();
    for (part, Part { replicas, seconds, .. }) in parts.iter().enumerate() {
        let count = ((*seconds as f64 - WARM) / CHANGE_SLOT).floor() as usize;
        let disturbed = (0..replicas.len()).filter(|replica| replicas[*replica].role == Role::Changed);
        slots.extend(disturbed.flat_map(|replica| (0..count).map(move |slot| (part, replica, slot))));
    }
    slots.shuffle(noise);
    // First what not every service has.
    changes.sort_by_key(|change| *change != Change::Reload);
    for change in changes {
        let fits = |(part, replica, _): &(usize, usize, usize)| parts[*part].replicas[*replica].service.has(change);
        let at = slots.iter().position(fits).expect("there is room for every change");
        let (part, replica, slot) = slots.swap_remove(at);
        let at = WARM + slot as f64 * CHANGE_SLOT + noise.random_range(0.0..CHANGE_SLOT - 60.0);
        parts[part].deeds.push(Deed { at, replica, what: What::Change(change) });
    }
}

impl Part {
    /// Whether models are made of it.
    pub(super) fn teaches(&self) -> bool {
        self.name.starts_with(LEARN)
    }

    fn learn(services: &[&'static Service], seconds: u64, noise: &mut StdRng) -> Self {
        let mut part = Self { name: LEARN.into(), seconds, replicas: Vec::new(), deeds: Vec::new() };
        for service in services {
            for run in 1..=LEARNING {
                let replica = part.replicas.len();
                part.add(service, Role::Run, run, noise);
                let changes = Change::ROUTINE.into_iter().filter(|change| service.has(*change));
                let mut changes: Vec<Change> = changes.flat_map(|change| [change; ROUTINES]).collect();
                changes.shuffle(noise);
                // One after the other, wherever in its window each falls.
                let slot = (seconds as f64 - 90.0) / changes.len() as f64;
                for (number, change) in changes.into_iter().enumerate() {
                    let at = 30.0 + slot * number as f64 + noise.random_range(0.0..slot - ROUTINE_SECONDS);
                    part.deeds.push(Deed { at, replica, what: What::Routine(change) });
                }
            }
        }
        part
    }

    fn test(name: &str, seconds: u64, services: &[&'static Service], steady: usize, noise: &mut StdRng) -> Self {
        let mut part = Self { name: name.into(), seconds, replicas: Vec::new(), deeds: Vec::new() };
        for service in services {
            for number in 1..=steady {
                part.add(service, Role::Steady, number, noise);
            }
            for number in 1..=ATTACKED {
                part.add(service, Role::Attacked, number, noise);
                part.replicas.last_mut().expect("it was added").confined = number == ATTACKED;
            }
            part.add(service, Role::Changed, 1, noise);
        }
        part
    }

    fn add(&mut self, service: &'static Service, role: Role, number: usize, noise: &mut StdRng) {
        let seed = noise.random_range(0..u64::from(u32::MAX));
        let part = &self.name;
        self.replicas.push(Replica {
            service,
            role,
            name: format!("{PREFIX}{part}-{}-{role:?}-{number}", service.image).to_lowercase(),
            seed,
            shape: Shape::draw(self.seconds as f64, seed),
            confined: false,
        });
    }

    /// The replicas of a service in a role.
    fn those_of(&self, service: &Service, role: Role) -> Vec<usize> {
        let fits = |replica: &Replica| replica.service.image == service.image && replica.role == role;
        (0..self.replicas.len()).filter(|at| fits(&self.replicas[*at])).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Change, What, full, quick, soak};

    #[test]
    fn every_attack_and_ten_of_each_change_are_made_once_the_instances_are_warm_and_one_at_a_time() {
        for parts in (1..=20).map(full) {
            let mut attacks: BTreeMap<(&str, bool), usize> = BTreeMap::new();
            let mut changes: BTreeMap<&str, usize> = BTreeMap::new();
            for part in &parts[1..] {
                let mut ends = vec![0.0_f64; part.replicas.len()];
                for deed in &part.deeds {
                    assert!(deed.at >= 150.0 && deed.at >= ends[deed.replica] + 5.0, "{deed:?}");
                    ends[deed.replica] = deed.at + deed.what.seconds() as f64;
                    assert!(ends[deed.replica] + 10.0 < part.seconds as f64, "{deed:?}");
                    match deed.what {
                        What::Attack(attack, program) => *attacks.entry((attack.name, program)).or_default() += 1,
                        What::Change(change) => *changes.entry(change.name()).or_default() += 1,
                        What::Routine(_) => panic!("a test has no unlabelled change"),
                    }
                }
            }
            assert_eq!(changes.len(), Change::ALL.len());
            assert!(changes.values().all(|times| *times == 10), "{changes:?}");
            assert_eq!(attacks[&("miner 25 %", true)], 5);
            assert_eq!(attacks[&("miner 25 %", false)], 2);
            assert_eq!(attacks[&("flood x5", true)], 2);
            assert_eq!(attacks[&("escape probe, seccomp", true)], 5);
            assert_eq!(attacks.values().sum::<usize>(), 19 * 7 + 5 * 2);
        }
    }

    #[test]
    fn a_soak_has_seventy_two_hours_of_containers_that_know_their_own_offset() {
        let warm = |part: &super::Part| (part.seconds as f64 - super::WARM) * part.replicas.len() as f64 / 3600.0;
        let parts = soak(2, super::super::SOAK_PARTS);
        assert!(parts.iter().all(|part| part.deeds.is_empty()));
        assert!(parts.iter().map(warm).sum::<f64>() > 72.0);
    }

    #[test]
    fn the_quick_one_has_three_attacks_in_three_images() {
        let parts = quick(3);
        assert!(parts.iter().map(|part| part.seconds).sum::<u64>() < 850);
        assert_eq!(parts[1].deeds.len(), 9);
    }
}
