//! A dense matrix of rows, and affine maps of them.

use super::product::affine;

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

    /// The row at `index`, to be changed.
    pub fn row_mut(&mut self, index: usize) -> &mut [f32] {
        &mut self.values[index * self.width..(index + 1) * self.width]
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

    /// All rows at once.
    pub(crate) fn whole(&self) -> Rows<'_> {
        Rows { width: self.width, values: &self.values }
    }

    /// The rows in order, at most `rows` at a time.
    pub(crate) fn blocks(&self, rows: usize) -> impl Iterator<Item = Rows<'_>> {
        self.values.chunks((rows * self.width).max(1)).map(|values| Rows { width: self.width, values })
    }

    /// Makes room for `rows` of `width`, to be written over.
    pub(crate) fn resize(&mut self, rows: usize, width: usize) {
        self.width = width;
        self.values.resize(rows * width, 0.0);
    }
}

/// Some rows of a matrix that follow each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    width: usize,
    values: &'a [f32],
}

impl<'a> Rows<'a> {
    /// One row.
    pub(crate) fn of(row: &'a [f32]) -> Self {
        Self { width: row.len(), values: row }
    }

    pub(crate) fn len(self) -> usize {
        self.values.len() / self.width.max(1)
    }

    pub(crate) fn rows(self) -> impl ExactSizeIterator<Item = &'a [f32]> {
        self.values.chunks_exact(self.width.max(1))
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
    /// Maps each row.
    ///
    /// The product adds up each output's terms in one fixed order, whatever else is in the batch, so that a window judged
    /// alone and in a batch scores the same to the last bit.
    pub(crate) fn apply(&self, input: &Matrix, output: &mut Matrix) {
        self.map(input, false, output);
    }

    /// Maps each row and rectifies the result.
    pub(crate) fn rectified(&self, input: &Matrix, output: &mut Matrix) {
        self.map(input, true, output);
    }

    fn map(&self, input: &Matrix, rectify: bool, output: &mut Matrix) {
        output.resize(input.len(), self.bias.len());
        affine(&input.values, &self.weight.values, &self.bias, rectify, &mut output.values);
    }
}

#[cfg(test)]
mod tests {
    use super::{Dense, Matrix};

    #[test]
    fn an_affine_map_is_the_sum_it_says() {
        let weight = Matrix::from_values(2, (0..10).map(|n| n as f32).collect());
        let map = Dense { weight, bias: vec![0.5, -0.5] };
        let input = Matrix::from_values(5, vec![1.0, 2.0, 0.0, -1.0, 3.0, 0.0, 0.0, 0.0, 0.0, -1.0]);
        let mut out = Matrix::default();
        map.apply(&input, &mut out);
        assert_eq!(out.row(0), [0.5 + 4.0 - 6.0 + 24.0, -0.5 + 1.0 + 6.0 - 7.0 + 27.0]);
        map.rectified(&input, &mut out);
        assert_eq!(out.row(1), [0.0, 0.0]);
    }

    #[test]
    fn a_row_maps_to_the_same_bits_in_any_company() {
        let number = |n: u32| (n.wrapping_mul(2_654_435_761) >> 8) as f32 / 1e7 - 0.8;
        let map = Dense {
            weight: Matrix::from_values(37, (0..67 * 37).map(number).collect()),
            bias: (0..37).map(number).collect(),
        };
        let input = Matrix::from_values(67, (0..67 * 41).map(|n| number(n + 9)).collect());
        let (mut together, mut alone) = (Matrix::default(), Matrix::default());
        map.apply(&input, &mut together);
        for (row, whole) in input.rows().zip(together.rows()) {
            map.apply(&Matrix::from_values(67, row.to_vec()), &mut alone);
            assert!(alone.row(0).iter().zip(whole).all(|(a, b)| a.to_bits() == b.to_bits()));
        }
    }

    #[test]
    fn rows_are_selected_in_the_order_asked_for() {
        let matrix = Matrix::from_values(1, vec![1.0, 2.0, 3.0]);
        assert_eq!(matrix.select(&[2, 0]).values(), [3.0, 1.0]);
    }
}
