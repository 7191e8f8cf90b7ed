//! How many there may have been in truth where so many were counted.

/// The upper bound of the mean of a Poisson count, one-sided at 95 %: 3 where none was counted, else exact.
///
/// Exact is the mean under which so few come up with a chance of 5 % (Garwood, Biometrika 28, 1936).
#[must_use]
pub(crate) fn upper_bound(count: usize) -> f64 {
    if count == 0 {
        return 3.0;
    }
    let (mut low, mut high) = (count as f64, 3.0 * count as f64 + 10.0);
    // Halving sixty times leaves nothing of the interval.
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        *(if at_most(count, middle) > 0.05 { &mut low } else { &mut high }) = middle;
    }
    high
}

/// The chance of at most `count` under this mean.
fn at_most(count: usize, mean: f64) -> f64 {
    // By logarithms, since e^-mean is zero for large means.
    let mut log_term = -mean;
    let mut sum = log_term.exp();
    for n in 1..=count {
        log_term += mean.ln() - (n as f64).ln();
        sum += log_term.exp();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::upper_bound;

    #[test]
    fn bounds_are_those_of_the_tables() {
        // Half the 95 % quantile of chi squared with 2 (n + 1) degrees of freedom.
        for (count, bound) in [(0, 3.0), (1, 4.7439), (2, 6.2958), (5, 10.5130), (10, 16.9622), (100, 118.0793)] {
            assert!((upper_bound(count) - bound).abs() < 1e-3, "{count}: {}", upper_bound(count));
        }
    }
}
