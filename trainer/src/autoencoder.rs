//! The network while it is trained: the only file that names dfdx.

use dfdx::prelude::*;
use vaectl_scorer::model::{Dense, Matrix, Network, POSTERIOR_LOG_VARIANCE};

use crate::random::Random;

type Device = Cpu;
type Tape = OwnedTape<f32, Device>;
type Rows<T = NoneTape> = Tensor<(usize, usize), f32, Device, T>;
type Row = Tensor<(usize,), f32, Device>;

/// A variational autoencoder with its optimiser.
pub(crate) struct Autoencoder {
    device: Device,
    /// Two of the encoder, posterior mean, posterior log variance, two of the decoder, output.
    layers: Vec<Layer>,
    log_variance: Row,
    /// Bounds of the decoder's log variance, one pair a feature.
    bounds: Vec<(f32, f32)>,
    /// The most that the encoder sees of each feature.
    ceilings: Vec<f32>,
    moments: Vec<Moments>,
    steps: i32,
}

struct Layer {
    weight: Rows,
    bias: Row,
}

/// A batch: encoder inputs, targets (absent ones zero) and which targets are there (1 or 0), all of one shape.
pub(crate) struct Batch {
    pub(crate) inputs: Vec<f32>,
    pub(crate) targets: Vec<f32>,
    pub(crate) present: Vec<f32>,
    pub(crate) rows: usize,
}

/// Running means of gradients and of their squares.
#[derive(Clone, Default)]
struct Moments {
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Autoencoder {
    /// A network with random weights (He et al., arXiv 1502.01852) and the decoder's variance at one or at its bound.
    pub(crate) fn new(
        hidden: usize,
        latents: usize,
        (bounds, ceilings): (Vec<(f32, f32)>, Vec<f32>),
        random: &mut Random,
    ) -> Self {
        let device = Device::default();
        let features = bounds.len();
        let shapes = [
            (features, hidden, 2.0),
            (hidden, hidden, 2.0),
            (hidden, latents, 1.0),
            (hidden, latents, 0.1),
            (latents, hidden, 2.0),
            (hidden, hidden, 2.0),
            (hidden, features, 0.5),
        ];
        let layers: Vec<Layer> = shapes
            .into_iter()
            .map(|(inputs, outputs, gain)| {
                let scale = (gain / inputs as f32).sqrt();
                let weight = random.normals(inputs * outputs).into_iter().map(|n| n * scale).collect::<Vec<_>>();
                Layer {
                    weight: device.tensor_from_vec(weight, (inputs, outputs)),
                    bias: device.zeros_like(&(outputs,)),
                }
            })
            .collect();
        let start: Vec<f32> = bounds.iter().map(|&(low, high)| 0.0_f32.clamp(low, high)).collect();
        let log_variance = device.tensor_from_vec(start, (features,));
        let moments = vec![Moments::default(); 2 * shapes.len() + 1];
        Self { device, layers, log_variance, bounds, ceilings, moments, steps: 0 }
    }

    /// Takes over the weights of a network of the same hidden and latent widths; `columns` says which of its features each
    /// of ours is, if any. A network of other widths leaves it as it is.
    pub(crate) fn start_from(&mut self, network: &Network, columns: &[Option<usize>]) {
        let ours = self.network();
        if network.widths() != ours.widths() {
            return;
        }
        let latents = ours.latents();
        let mut first = ours.encoder[0].clone();
        let mut output = ours.output.clone();
        for (own, theirs) in columns.iter().enumerate().filter_map(|(own, theirs)| Some((own, (*theirs)?))) {
            first.weight.row_mut(own).copy_from_slice(network.encoder[0].weight.row(theirs));
            for (own_row, their_row) in output.weight.rows_mut().zip(network.output.weight.rows()) {
                own_row[own] = their_row[theirs];
            }
            output.bias[own] = network.output.bias[theirs];
        }
        first.bias.clone_from(&network.encoder[0].bias);
        let half = |from: usize| {
            let weight = network.posterior.weight.rows().flat_map(|row| row[from..from + latents].to_vec()).collect();
            Dense {
                weight: Matrix::from_values(latents, weight),
                bias: network.posterior.bias[from..from + latents].to_vec(),
            }
        };
        let [d0, d1] = &network.decoder;
        let all = [first, network.encoder[1].clone(), half(0), half(latents), d0.clone(), d1.clone(), output];
        for (layer, dense) in self.layers.iter_mut().zip(&all) {
            layer.weight.copy_from(dense.weight.values());
            layer.bias.copy_from(&dense.bias);
        }
    }

    /// One step of Adam (Kingma and Ba, arXiv 1412.6980) on the batch's bound with the divergence weighted by `beta`.
    pub(crate) fn step(&mut self, batch: Batch, noise: Vec<f32>, beta: f32, rate: f32) {
        let shape = (batch.rows, self.bounds.len());
        let tensor = |values| self.device.tensor_from_vec(values, shape);
        let (inputs, targets, present) = (tensor(batch.inputs), tensor(batch.targets), tensor(batch.present));
        let noise = self.device.tensor_from_vec(noise, (batch.rows, self.layers[2].bias.shape().0));

        let hidden = self.layers[0].apply(inputs.leaky_traced()).relu();
        let hidden = self.layers[1].apply(hidden).relu();
        let mean = self.layers[2].apply(hidden.with_empty_tape());
        let (low, high) = POSTERIOR_LOG_VARIANCE;
        let log_variance = self.layers[3].apply(hidden).clamp(low, high);
        let divergence =
            log_variance.with_empty_tape().exp() + mean.with_empty_tape().square() - log_variance.with_empty_tape();
        let latent = mean + (log_variance * 0.5).exp() * noise;
        let hidden = self.layers[4].apply(latent).relu();
        let hidden = self.layers[5].apply(hidden).relu();
        let means = self.layers[6].apply(hidden);
        let spread: Rows<Tape> = self.log_variance.retaped::<Tape>().broadcast_like::<_, Axis<0>>(&shape);
        let errors = (means - targets).square() * spread.with_empty_tape().negate().exp() + spread;
        let loss = (errors * present).sum::<Rank0, _>() + divergence.sum::<Rank0, _>() * beta;
        let gradients = (loss * (0.5 / shape.0 as f32)).backward();

        self.steps += 1;
        let correction = (1.0 - 0.999_f32.powi(self.steps)).sqrt() / (1.0 - 0.9_f32.powi(self.steps));
        let mut moments = self.moments.iter_mut();
        let mut update = |values: &mut [f32], gradient: &[f32]| {
            if let Some(moments) = moments.next() {
                moments.step(values, gradient, rate * correction);
            }
        };
        for layer in &mut self.layers {
            let mut weight = layer.weight.as_vec();
            update(&mut weight, &gradients.get(&layer.weight).as_vec());
            layer.weight.copy_from(&weight);
            let mut bias = layer.bias.as_vec();
            update(&mut bias, &gradients.get(&layer.bias).as_vec());
            layer.bias.copy_from(&bias);
        }
        let mut values = self.log_variance.as_vec();
        update(&mut values, &gradients.get(&self.log_variance).as_vec());
        for (value, &(low, high)) in values.iter_mut().zip(&self.bounds) {
            *value = value.clamp(low, high);
        }
        self.log_variance.copy_from(&values);
    }

    /// The network as it is scored with.
    pub(crate) fn network(&self) -> Network {
        let [e0, e1, mean, spread, d0, d1, output] = [0, 1, 2, 3, 4, 5, 6].map(|index| self.layers[index].dense());
        let mut posterior = Matrix::new(2 * mean.bias.len());
        for (mean, spread) in mean.weight.rows().zip(spread.weight.rows()) {
            posterior.push(&[mean, spread].concat());
        }
        Network {
            encoder: [e0, e1],
            posterior: Dense { weight: posterior, bias: [mean.bias, spread.bias].concat() },
            decoder: [d0, d1],
            output,
            log_variance: self.log_variance.as_vec(),
            ceilings: self.ceilings.clone(),
        }
    }
}

impl Layer {
    fn apply(&self, input: Rows<Tape>) -> Rows<Tape> {
        let output = input.matmul(self.weight.clone());
        let shape = *output.shape();
        output + self.bias.retaped::<Tape>().broadcast_like::<_, Axis<0>>(&shape)
    }

    fn dense(&self) -> Dense {
        let (_, outputs) = *self.weight.shape();
        Dense { weight: Matrix::from_values(outputs, self.weight.as_vec()), bias: self.bias.as_vec() }
    }
}

impl Moments {
    fn step(&mut self, values: &mut [f32], gradient: &[f32], rate: f32) {
        self.first.resize(values.len(), 0.0);
        self.second.resize(values.len(), 0.0);
        for (((value, g), m), v) in values.iter_mut().zip(gradient).zip(&mut self.first).zip(&mut self.second) {
            *m += 0.1 * (g - *m);
            *v += 0.001 * (g * g - *v);
            *value -= rate * *m / (v.sqrt() + 1e-8);
        }
    }
}
