//! The model file: one safetensors file, named by the hash of its content.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::card::{Card, FORMAT};
use super::ensemble::Ensemble;
use super::error::ModelError;
use super::feature::Feature;
use super::matrix::{Dense, Matrix};
use super::network::Network;
use super::versions::Versions;
use crate::replace::replace;

/// The one entry of the safetensors header; several would be written in any order.
const HEADER: &str = "vaectl";

/// Beyond it a variance is no number that single precision can weigh by.
const MOST_LOG_VARIANCE: f32 = 30.0;

/// All that a model file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// The header.
    pub card: Card,
    /// The weights and the noise.
    pub ensemble: Ensemble,
    /// Median cost of each feature over calibration windows, in nats.
    pub usual: Vec<f64>,
    /// Scores of calibration windows, in rising order.
    pub scores: Vec<f64>,
}

/// The part of the header that every version has.
#[derive(serde::Deserialize)]
struct Format {
    format: u32,
}

/// The hash that names a file: 128 bits of BLAKE3, in hexadecimal.
#[must_use]
pub fn content_hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..32].to_owned()
}

impl Content {
    /// The bytes of the file; the same content gives the same bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, safetensors::SafeTensorError> {
        let mut tensors = Tensors::default();
        for (index, network) in self.ensemble.networks.iter().enumerate() {
            for (name, dense) in layers(network) {
                tensors.matrix(format!("{index}.{name}.weight"), &dense.weight);
                tensors.singles(format!("{index}.{name}.bias"), &[dense.bias.len()], &dense.bias);
            }
            tensors.singles(format!("{index}.log_variance"), &[network.inputs()], &network.log_variance);
        }
        tensors.matrix("draws".into(), &self.ensemble.draws);
        tensors.doubles("usual".into(), &self.usual);
        tensors.doubles("scores".into(), &self.scores);
        let card = Card { tensors: tensors.hash(), ..self.card.clone() };
        let header = serde_json::to_string(&card)?;
        let views: Result<Vec<_>, _> = tensors
            .0
            .iter()
            .map(|t| TensorView::new(t.dtype, t.shape.clone(), &t.bytes).map(|view| (t.name.as_str(), view)))
            .collect();
        safetensors::serialize(views?, Some(HashMap::from([(HEADER.to_owned(), header)])))
    }

    /// Reads a file's bytes; `Err` says what does not fit.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| format!("not a safetensors file ({e})"))?;
        let header = metadata.metadata().as_ref().and_then(|m| m.get(HEADER)).ok_or("no vaectl header")?;
        let Format { format } = serde_json::from_str(header).map_err(|e| format!("header: {e}"))?;
        if format != FORMAT {
            return Err(format!("its format is {format} and this version reads {FORMAT}"));
        }
        let card: Card = serde_json::from_str(header).map_err(|e| format!("header: {e}"))?;
        let tensors = SafeTensors::deserialize(bytes).map_err(|e| format!("not a safetensors file ({e})"))?;
        let read = Reader { tensors: &tensors, features: &card.features };
        let networks: Result<Vec<_>, _> = (0..card.fits.len()).map(|index| read.network(index)).collect();
        let (networks, draws) = (networks?, read.matrix("draws")?);
        let ensemble = Ensemble { networks, draws, latent: !card.without_latent };
        let (usual, scores) = (read.doubles("usual")?, read.doubles("scores")?);
        let content = Self { card, ensemble, usual, scores };
        content.check()?;
        Ok(content)
    }

    /// Writes the file into `folder/<key>/`, aside first and then renamed; gives its hash. It is not in use by that.
    pub fn store(&self, folder: &Path) -> Result<String, ModelError> {
        let versions = Versions::of(folder, &self.card.key);
        let folder = folder.join(&self.card.key);
        fs::create_dir_all(&folder).map_err(ModelError::io("create", &folder))?;
        let bytes = self.to_bytes().map_err(|e| ModelError::Content { path: folder, why: e.to_string() })?;
        let hash = content_hash(&bytes);
        let path = versions.path(&hash);
        replace(&path, &bytes).map_err(ModelError::io("write", &path))?;
        Ok(hash)
    }

    /// [Stores](Self::store) the file and puts it in use; gives its path.
    pub fn save(&self, folder: &Path) -> Result<PathBuf, ModelError> {
        let hash = self.store(folder)?;
        let versions = Versions::of(folder, &self.card.key);
        versions.promote(&hash)?;
        Ok(versions.path(&hash))
    }

    /// Shapes, order and numbers.
    fn check(&self) -> Result<(), String> {
        let Self { card, ensemble, usual, scores } = self;
        let features = card.features.len();
        if features == 0 || ensemble.networks.is_empty() || ensemble.draws.is_empty() || scores.is_empty() {
            return Err("it has no feature, network, draw or calibration score".into());
        }
        if usual.len() != features {
            return Err(format!("its header lists {features} features and its tensors are for {}", usual.len()));
        }
        if ensemble.networks.iter().any(|n| n.latents() != ensemble.draws.width()) {
            return Err("its draws are not as wide as its latents".into());
        }
        let unusable = card.features.iter().find(|f| !(f.scale > 0.0 && f.unit > 0.0 && f.median.is_finite()));
        if let Some(feature) = unusable {
            return Err(format!("feature {} has no usable scale", feature.name));
        }
        let calibration = &card.calibration;
        let numbers = [calibration.centre, calibration.spread, calibration.suspect, calibration.threshold];
        let claims = (0.0..=1.0).contains(&calibration.lowest_p) && calibration.lowest_p > 0.0;
        let tails = calibration.tail.is_none_or(|tail| tail.start.is_finite() && tail.scale > 0.0 && tail.shape >= 0.0);
        let changes = calibration.cusum.threshold > 0.0 && calibration.offset_bound >= 0.0;
        if numbers.iter().any(|n| !n.is_finite()) || calibration.spread <= 0.0 || !scores.is_sorted() {
            return Err("its calibration is not usable".into());
        }
        if !(claims && tails && changes) {
            return Err("the chances and bounds of its calibration are not usable".into());
        }
        let variances = |network: &Network| network.log_variance.iter().all(|lv| lv.abs() <= MOST_LOG_VARIANCE);
        if !ensemble.networks.iter().all(variances) {
            return Err("a variance of its networks is not usable".into());
        }
        Ok(())
    }
}

fn layers(network: &Network) -> [(&'static str, &Dense); 6] {
    let Network { encoder, posterior, decoder, output, .. } = network;
    [
        ("encoder.0", &encoder[0]),
        ("encoder.1", &encoder[1]),
        ("posterior", posterior),
        ("decoder.0", &decoder[0]),
        ("decoder.1", &decoder[1]),
        ("output", output),
    ]
}

/// Tensors to be written.
#[derive(Default)]
struct Tensors(Vec<Tensor>);

struct Tensor {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Tensors {
    fn singles(&mut self, name: String, shape: &[usize], values: &[f32]) {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.0.push(Tensor { name, dtype: Dtype::F32, shape: shape.to_vec(), bytes });
    }

    fn matrix(&mut self, name: String, matrix: &Matrix) {
        self.singles(name, &[matrix.len(), matrix.width()], matrix.values());
    }

    fn doubles(&mut self, name: String, values: &[f64]) {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.0.push(Tensor { name, dtype: Dtype::F64, shape: vec![values.len()], bytes });
    }

    fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for tensor in &self.0 {
            hasher.update(tensor.name.as_bytes()).update(&(tensor.bytes.len() as u64).to_le_bytes());
            hasher.update(&tensor.bytes);
        }
        hasher.finalize().to_hex()[..32].to_owned()
    }
}

/// Tensors that are read, each checked for its kind, shape and numbers.
struct Reader<'a> {
    tensors: &'a SafeTensors<'a>,
    features: &'a [Feature],
}

impl Reader<'_> {
    fn network(&self, index: usize) -> Result<Network, String> {
        let dense = |name: &str| -> Result<Dense, String> {
            let weight = self.matrix(&format!("{index}.{name}.weight"))?;
            let bias = self.singles(&format!("{index}.{name}.bias"))?;
            if bias.len() != weight.width() {
                return Err(format!("layer {name} has weights and biases of different widths"));
            }
            Ok(Dense { weight, bias })
        };
        let network = Network {
            encoder: [dense("encoder.0")?, dense("encoder.1")?],
            posterior: dense("posterior")?,
            decoder: [dense("decoder.0")?, dense("decoder.1")?],
            output: dense("output")?,
            log_variance: self.singles(&format!("{index}.log_variance"))?,
            ceilings: self.features.iter().map(Feature::ceiling).collect(),
        };
        let features = self.features.len();
        // What each layer must take in; the two halves share one hidden width.
        let hidden = network.encoder[0].bias.len();
        let takes = [features, hidden, hidden, network.latents(), hidden, hidden];
        if let Some(((name, _), takes)) = layers(&network).iter().zip(takes).find(|((_, l), t)| l.weight.len() != *t) {
            return Err(format!("layer {name} is not for {takes} inputs: the tensors are of another feature set"));
        }
        let gives = [hidden, hidden, 2 * network.latents(), hidden, hidden, features];
        let narrow = layers(&network).iter().zip(gives).any(|((_, layer), gives)| layer.bias.len() != gives);
        if narrow || network.inputs() != features || network.latents() == 0 {
            return Err("the tensors are of another feature set than the header".into());
        }
        Ok(network)
    }

    fn bytes(&self, name: &str, dtype: Dtype) -> Result<(Vec<usize>, &[u8]), String> {
        let tensor = self.tensors.tensor(name).map_err(|_| format!("tensor {name} is missing"))?;
        if tensor.dtype() != dtype {
            return Err(format!("tensor {name} is of another kind of number"));
        }
        Ok((tensor.shape().to_vec(), tensor.data()))
    }

    fn singles(&self, name: &str) -> Result<Vec<f32>, String> {
        let (_, bytes) = self.bytes(name, Dtype::F32)?;
        let values: Vec<f32> = bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        if values.iter().all(|v| v.is_finite()) { Ok(values) } else { Err(not_finite(name)) }
    }

    fn doubles(&self, name: &str) -> Result<Vec<f64>, String> {
        let (_, bytes) = self.bytes(name, Dtype::F64)?;
        let values: Vec<f64> = bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect();
        if values.iter().all(|v| v.is_finite()) { Ok(values) } else { Err(not_finite(name)) }
    }

    fn matrix(&self, name: &str) -> Result<Matrix, String> {
        let values = self.singles(name)?;
        match self.bytes(name, Dtype::F32)?.0[..] {
            [rows, width] if rows > 0 && width > 0 => Ok(Matrix::from_values(width, values)),
            _ => Err(format!("tensor {name} is not a matrix")),
        }
    }
}

fn not_finite(name: &str) -> String {
    format!("tensor {name} has numbers that are not finite")
}
