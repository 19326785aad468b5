use serde::{Deserialize, Serialize};

use crate::{Hotspot, ModelManifest, SpinManifest, Text, Tour, Url};

/// A published product: a spin, a model, or both under one name.
///
/// The parts stand whole inside, so that a viewer needs one request to know everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductManifest {
    /// Always [`ProductManifest::KIND`].
    pub kind: String,
    /// Always [`ProductManifest::VERSION`] when written by this crate.
    pub version: u32,
    /// The product's name.
    pub name: Text,
    /// Its spin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spin: Option<SpinManifest>,
    /// Its model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelManifest>,
    /// Points that say something, in the order in which they are counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hotspots: Vec<Hotspot>,
    /// Ways around the product.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tours: Vec<Tour>,
    /// Its measured width, height and depth in metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimensions_m: Option<[f64; 3]>,
}

impl ProductManifest {
    /// The value of `kind`.
    pub const KIND: &'static str = "xoay-product";
    /// The version that this crate writes and reads.
    pub const VERSION: u32 = 1;

    /// Calls `map` on the address of every file of the product in place, in a fixed order. Where hotspots lead is the page's.
    ///
    /// # Errors
    /// The first error of `map`; the manifest is then partly changed and must be dropped.
    pub fn try_map_urls<E>(
        &mut self,
        mut map: impl FnMut(&str) -> Result<Url, E>,
    ) -> Result<(), E> {
        if let Some(spin) = &mut self.spin {
            spin.try_map_urls(&mut map)?;
        }
        if let Some(model) = &mut self.model {
            model.try_map_urls(&mut map)?;
        }
        Ok(())
    }
}
