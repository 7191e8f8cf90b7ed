//! A dense matrix of rows, and the one product that inference needs.

/// Row-major `f32` numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    width: usize,
    values: Vec<f32>,
}

impl Matrix {
    /// A matrix of rows of `width` with none yet.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self { width, values: Vec::new() }
    }

    /// A matrix over `values`, row after row.
    ///
    /// # Panics
    /// Where `values` are not whole rows.
    #[must_use]
    pub fn from_values(width: usize, values: Vec<f32>) -> Self {
        assert!(width > 0 && values.len().is_multiple_of(width), "a matrix is made of whole rows");
        Self { width, values }
    }

    /// Numbers in a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The row at `index`.
    #[must_use]
    pub fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.width..(index + 1) * self.width]
    }

    /// All rows in order.
    #[must_use]
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.width.max(1))
    }

    /// All rows in order, to be changed.
    pub fn rows_mut(&mut self) -> impl ExactSizeIterator<Item = &mut [f32]> {
        self.values.chunks_exact_mut(self.width.max(1))
    }

    /// All numbers, row after row.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Appends a row and returns it, filled with `value`.
    pub fn push_filled(&mut self, value: f32) -> &mut [f32] {
        let start = self.values.len();
        self.values.resize(start + self.width, value);
        &mut self.values[start..]
    }

    /// Appends a row.
    ///
    /// # Panics
    /// Where the row is not as wide as the matrix.
    pub fn push(&mut self, row: &[f32]) {
        assert_eq!(row.len(), self.width, "a row fits its matrix");
        self.values.extend_from_slice(row);
    }

    /// The rows at `indices`, in that order.
    #[must_use]
    pub fn select(&self, indices: &[usize]) -> Self {
        let mut out = Self { width: self.width, values: Vec::with_capacity(indices.len() * self.width) };
        for &index in indices {
            out.values.extend_from_slice(self.row(index));
        }
        out
    }
}

/// An affine map: `output = input * weight + bias`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// `inputs` rows of `outputs` numbers.
    pub weight: Matrix,
    /// One number an output.
    pub bias: Vec<f32>,
}

impl Dense {
    /// Maps one row.
    ///
    /// Each output adds up its terms in one fixed order, whatever else is in the batch, so that a window judged alone
    /// and in a batch scores the same to the last bit.
    pub(crate) fn apply(&self, input: &[f32], output: &mut [f32]) {
        const STEP: usize = 4;
        output.copy_from_slice(&self.bias);
        let width = output.len();
        let blocks = input.chunks_exact(STEP);
        let (rest, rest_weights) = (blocks.remainder(), self.weight.values.chunks_exact(STEP * width).remainder());
        for (x, w) in blocks.zip(self.weight.values.chunks_exact(STEP * width)) {
            // Behind a rectifier whole blocks are zero more often than not.
            if x == [0.0; STEP] {
                continue;
            }
            let (w01, w23) = w.split_at(2 * width);
            let ((w0, w1), (w2, w3)) = (w01.split_at(width), w23.split_at(width));
            for ((((out, w0), w1), w2), w3) in output.iter_mut().zip(w0).zip(w1).zip(w2).zip(w3) {
                *out += x[0] * w0 + x[1] * w1 + x[2] * w2 + x[3] * w3;
            }
        }
        for (x, w) in rest.iter().zip(rest_weights.chunks_exact(width)) {
            for (out, w) in output.iter_mut().zip(w) {
                *out += x * w;
            }
        }
    }
}

/// The rectifier, in place.
pub(crate) fn rectify(values: &mut [f32]) {
    for value in values {
        *value = value.max(0.0);
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers are exact")]
mod tests {
    use super::{Dense, Matrix, rectify};

    #[test]
    fn an_affine_map_is_the_sum_it_says() {
        // Five inputs: one block of four, and one behind it.
        let weight = Matrix::from_values(2, (0..10).map(|n| n as f32).collect());
        let map = Dense { weight, bias: vec![0.5, -0.5] };
        let mut out = [0.0; 2];
        map.apply(&[1.0, 2.0, 0.0, -1.0, 3.0], &mut out);
        assert_eq!(out, [0.5 + 4.0 - 6.0 + 24.0, -0.5 + 1.0 + 6.0 - 7.0 + 27.0]);
    }

    #[test]
    fn a_rectifier_keeps_what_is_positive() {
        let mut values = [-1.0, 0.0, 2.0];
        rectify(&mut values);
        assert_eq!(values, [0.0, 0.0, 2.0]);
    }

    #[test]
    fn rows_are_selected_in_the_order_asked_for() {
        let matrix = Matrix::from_values(1, vec![1.0, 2.0, 3.0]);
        assert_eq!(matrix.select(&[2, 0]).values(), [3.0, 1.0]);
    }
}
