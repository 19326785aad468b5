//! From a result folder to stored objects to a public manifest.
//!
//! The order is what makes a publication atomic: every object is stored, then one barrier makes them
//! durable, and only then does one database transaction let the manifest be seen.

mod folder;
mod track;

use std::path::Path;

use xoay_format::{ModelManifest, ProductManifest, SpinManifest};

use crate::Error;
use crate::catalogue::{self, Catalogue, NewProduct, Product, ProductId, Publication};
use crate::config;
use crate::people::acting;

pub(crate) use folder::{store_model, store_report, store_spin};
pub(crate) use track::{lay_out, tracked};

/// From a product's manifest to its objects.
pub(crate) const OBJECTS_FROM_PRODUCT: &str = "../../objects/";

/// What [`publish`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Published {
    /// The product's id.
    pub product: ProductId,
    /// How addresses call it.
    pub slug: String,
    /// The public version.
    pub version: u32,
    /// Path of the manifest on the service.
    pub manifest_path: String,
    /// Path of the product's page on the service.
    pub page_path: String,
}

/// Publishes finished result folders into a data folder, whether or not a service runs on it.
///
/// `database_url` and `store_url` say where else than in the folder database and objects are.
/// The product is found by its slug (given, or made from its name) or made. The same content again
/// makes no new version.
///
/// # Errors
/// [`Error::Field`] for the product's texts, [`Error::NothingToPublish`] without any folder, [`Error::Result`]
/// for a folder whose manifest cannot be published, [`Error::NoSpace`], and what store and database say.
pub async fn publish(
    data_dir: &Path,
    database_url: Option<&str>,
    store_url: Option<&str>,
    product: NewProduct,
    spin_dir: Option<&Path>,
    model_dir: Option<&Path>,
) -> anyhow::Result<Published> {
    let new = product.checked()?;
    if spin_dir.is_none() && model_dir.is_none() {
        return Err(Error::NothingToPublish.into());
    }
    let objects = config::open_objects(data_dir, store_url)?;
    let catalogue = catalogue::open(data_dir, database_url).await?;
    let spin = match spin_dir {
        Some(folder) => Some(store_spin(&objects, folder).await?),
        None => None,
    };
    let model = match model_dir {
        Some(folder) => Some(store_model(&objects, folder).await?),
        None => None,
    };
    let (product, publication) = acting("command".into(), async {
        let product = catalogue.product_by_slug_or_create(&new).await?;
        let publication = make_public(&*catalogue, &product, spin, model).await?;
        Ok::<_, Error>((product, publication))
    })
    .await?;
    Ok(Published {
        manifest_path: format!("/products/{}/manifest.json", product.slug),
        page_path: format!("/products/{}", product.slug),
        product: product.id,
        slug: product.slug,
        version: publication.version,
    })
}

/// Makes the manifests, whose objects are stored and durable, the product's public ones.
pub(crate) async fn make_public(
    catalogue: &dyn Catalogue,
    product: &Product,
    spin: Option<SpinManifest>,
    model: Option<ModelManifest>,
) -> Result<Publication, Error> {
    if spin.is_none() && model.is_none() {
        return Err(Error::NothingToPublish);
    }
    let manifest = product_manifest(product, spin, model, OBJECTS_FROM_PRODUCT);
    let json = serde_json::to_string(&manifest).map_err(|e| Error::Corrupt {
        what: "manifest",
        reason: e.to_string(),
    })?;
    catalogue.publish(product.id, &json).await
}

/// The manifest of a product, with `prefix` leading from where it is served to the objects.
pub(crate) fn product_manifest(
    product: &Product,
    mut spin: Option<SpinManifest>,
    mut model: Option<ModelManifest>,
    prefix: &str,
) -> ProductManifest {
    // Those who do not see the picture hear at least the product's name.
    for alt in [
        spin.as_mut().map(|spin| &mut spin.alt),
        model.as_mut().map(|model| &mut model.alt),
    ] {
        if let Some(alt) = alt.filter(|alt| alt.is_empty()) {
            *alt = product.name.clone();
        }
    }
    let mut manifest = ProductManifest {
        kind: ProductManifest::KIND.into(),
        version: ProductManifest::VERSION,
        name: product.name.clone(),
        spin,
        model,
        hotspots: Vec::new(),
        tours: Vec::new(),
        dimensions_m: None,
    };
    let Ok(()) =
        manifest.try_map_urls(|name| Ok::<_, std::convert::Infallible>(format!("{prefix}{name}")));
    manifest
}

#[cfg(test)]
mod tests;
