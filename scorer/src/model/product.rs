//! The one product that inference needs, in the widest registers that the processor has.

use pulp::{Arch, Simd, WithSimd};

/// Rows that share what is loaded of the weights: with two registers of columns each, as many sums as there are registers
/// for, and enough of them to hide how long one addition takes.
const ROWS: usize = 6;

/// `output = input * weight + bias`, where all are row after row, rectified where that is asked for.
///
/// Each number of the output is added up from the bias on in the order of the inputs, whatever row it is in: a row gives the
/// same bits in any company.
pub(super) fn affine(input: &[f32], weight: &[f32], bias: &[f32], rectify: bool, output: &mut [f32]) {
    Arch::new().dispatch(Affine { input, weight, bias, rectify, output });
}

struct Affine<'a> {
    input: &'a [f32],
    weight: &'a [f32],
    bias: &'a [f32],
    rectify: bool,
    output: &'a mut [f32],
}

impl WithSimd for Affine<'_> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "only what is inlined gets the registers")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (outputs, inputs) = (self.bias.len(), self.weight.len() / self.bias.len().max(1));
        let Self { input, weight, bias, rectify, output } = self;
        if inputs == 0 {
            return output.chunks_exact_mut(outputs.max(1)).for_each(|row| row.copy_from_slice(bias));
        }
        for (input, output) in input.chunks(ROWS * inputs).zip(output.chunks_mut(ROWS * outputs)) {
            if input.len() == ROWS * inputs {
                Affine { input, weight, bias, rectify, output }.rows::<S, ROWS>(simd);
                continue;
            }
            for (input, output) in input.chunks_exact(inputs).zip(output.chunks_exact_mut(outputs)) {
                Affine { input, weight, bias, rectify, output }.rows::<S, 1>(simd);
            }
        }
    }
}

impl Affine<'_> {
    /// All of its rows, which are so many, at once.
    #[expect(clippy::inline_always, reason = "only what is inlined gets the registers")]
    #[inline(always)]
    fn rows<S: Simd, const N: usize>(mut self, simd: S) {
        let (outputs, lanes) = (self.bias.len(), S::F32_LANES);
        if outputs < lanes {
            return (0..outputs).for_each(|column| self.single(column));
        }
        // The last columns are added up with some of those before them where they fill no register: that gives the same
        // again.
        let mut column = 0;
        while column + 2 * lanes <= outputs {
            self.columns::<S, N, 2>(simd, column);
            column += 2 * lanes;
        }
        while column < outputs {
            self.columns::<S, N, 1>(simd, column.min(outputs - lanes));
            column += lanes;
        }
    }

    /// So many registers of columns, from `column` on.
    #[expect(clippy::inline_always, reason = "only what is inlined gets the registers")]
    #[inline(always)]
    fn columns<S: Simd, const N: usize, const W: usize>(&mut self, simd: S, column: usize) {
        let (outputs, inputs, width) = (self.bias.len(), self.input.len() / N, W * S::F32_LANES);
        let load = |row: &[f32]| -> [S::f32s; W] {
            let registers = S::as_simd_f32s(&row[column..column + width]).0;
            std::array::from_fn(|at| registers[at])
        };
        let input: [&[f32]; N] = std::array::from_fn(|row| &self.input[row * inputs..][..inputs]);
        let mut sums = [load(self.bias); N];
        for (at, weight) in self.weight.chunks_exact(outputs).enumerate().take(inputs) {
            let weight = load(weight);
            for row in 0..N {
                let value = simd.splat_f32s(input[row][at]);
                for part in 0..W {
                    sums[row][part] = simd.mul_add_e_f32s(value, weight[part], sums[row][part]);
                }
            }
        }
        for (sums, output) in sums.into_iter().zip(self.output.chunks_exact_mut(outputs)) {
            let registers = S::as_mut_simd_f32s(&mut output[column..column + width]).0;
            for (register, sum) in registers.iter_mut().zip(sums) {
                *register = if self.rectify { simd.max_f32s(sum, simd.splat_f32s(0.0)) } else { sum };
            }
        }
    }

    /// One column, of a map that is narrower than a register.
    fn single(&mut self, column: usize) {
        let (outputs, inputs) = (self.bias.len(), self.weight.len() / self.bias.len());
        for (input, output) in self.input.chunks_exact(inputs).zip(self.output.chunks_exact_mut(outputs)) {
            let weights = self.weight.chunks_exact(outputs).map(|row| row[column]);
            let start = self.bias[column];
            let sum = input.iter().zip(weights).fold(start, |sum, (value, weight)| value.mul_add(weight, sum));
            output[column] = if self.rectify { sum.max(0.0) } else { sum };
        }
    }
}
