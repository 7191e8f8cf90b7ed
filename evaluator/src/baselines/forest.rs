//! An isolation forest: Liu, Ting and Zhou, "Isolation Forest", 2008, with the sizes that they give.

use vaectl_scorer::model::Matrix;
use vaectl_trainer::Random;

const TREES: u64 = 100;
const SAMPLE: usize = 256;

/// Trees that part windows at random: what stands apart is alone early.
#[derive(Debug)]
pub(crate) struct Forest {
    trees: Vec<Node>,
    /// The usual depth in a tree of one sample.
    usual: f64,
}

#[derive(Debug)]
enum Node {
    /// The depth that is usual below it.
    Leaf {
        more: f64,
    },
    Split {
        feature: usize,
        at: f32,
        below: Box<Node>,
        above: Box<Node>,
    },
}

impl Forest {
    /// Fits to rows without absent values; the same rows give the same trees.
    pub(crate) fn fit(rows: &Matrix) -> Self {
        let sample = SAMPLE.min(rows.len());
        let deepest = sample.max(2).ilog2() + u32::from(!sample.is_power_of_two());
        let tree = |seed| {
            let mut random = Random::new(seed);
            let mut indices: Vec<usize> = (0..rows.len()).collect();
            random.shuffle(&mut indices);
            indices.truncate(sample);
            grow(rows, &indices, deepest, &mut random)
        };
        Self { trees: (0..TREES).map(tree).collect(), usual: usual_depth(sample) }
    }

    /// Between 0 and 1: near 1 what is alone early, below 0.5 what is not.
    pub(crate) fn score(&self, row: &[f32]) -> f64 {
        let depth = self.trees.iter().map(|tree| depth(tree, row)).sum::<f64>() / self.trees.len() as f64;
        (-depth / self.usual.max(1.0)).exp2()
    }
}

fn grow(rows: &Matrix, indices: &[usize], deepest: u32, random: &mut Random) -> Node {
    let leaf = Node::Leaf { more: usual_depth(indices.len()) };
    if deepest == 0 || indices.len() < 2 {
        return leaf;
    }
    let range = |feature: usize| {
        let values = || indices.iter().map(|row| rows.row(*row)[feature]);
        (values().fold(f32::INFINITY, f32::min), values().fold(f32::NEG_INFINITY, f32::max))
    };
    let varied: Vec<usize> = (0..rows.width()).filter(|feature| range(*feature).0 < range(*feature).1).collect();
    if varied.is_empty() {
        return leaf;
    }
    let feature = varied[random.below(varied.len())];
    let (low, high) = range(feature);
    let at = low + (high - low) * random.uniform() as f32;
    let (below, above): (Vec<usize>, Vec<usize>) = indices.iter().partition(|row| rows.row(**row)[feature] < at);
    let mut side = |indices: &[usize]| Box::new(grow(rows, indices, deepest - 1, random));
    Node::Split { feature, at, below: side(&below), above: side(&above) }
}

fn depth(mut node: &Node, row: &[f32]) -> f64 {
    let mut passed = 0.0;
    loop {
        match node {
            Node::Leaf { more } => return passed + more,
            Node::Split { feature, at, below, above } => {
                node = if row[*feature] < *at { below } else { above };
                passed += 1.0;
            }
        }
    }
}

/// The mean depth of a failed search in a binary tree of so many: `2 H(n - 1) - 2 (n - 1) / n`.
fn usual_depth(count: usize) -> f64 {
    if count < 2 {
        return 0.0;
    }
    let harmonic: f64 = (1..count).map(|n| 1.0 / n as f64).sum();
    2.0 * harmonic - 2.0 * (count - 1) as f64 / count as f64
}

#[cfg(test)]
mod tests {
    use vaectl_scorer::model::Matrix;

    use super::{Forest, usual_depth};

    #[test]
    fn usual_depths_are_those_of_the_formula() {
        assert!(usual_depth(1).abs() < 1e-12);
        assert!((usual_depth(2) - 1.0).abs() < 1e-12);
        // H(3) = 11/6.
        assert!((usual_depth(4) - (11.0 / 3.0 - 1.5)).abs() < 1e-12);
    }

    #[test]
    fn what_stands_apart_is_alone_early() {
        let mut rows: Vec<f32> = (0..255).map(|n| (n % 16) as f32).collect();
        rows.push(1000.0);
        let forest = Forest::fit(&Matrix::from_values(1, rows));
        assert!(forest.score(&[1000.0]) > 0.75, "{}", forest.score(&[1000.0]));
        assert!(forest.score(&[7.5]) < 0.55, "{}", forest.score(&[7.5]));
    }
}
