//! What a product says about itself beyond its pictures: points of interest and tours.

use serde::{Deserialize, Serialize};

use crate::{Text, Url};

/// A point of the product that says something. Set once, it is shown on the photos and on the model.
///
/// Points and directions are in the model's frame: metres, the origin on the turntable's axis at the height of its disc, +Y up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hotspot {
    /// Its name within the product, for tours and for pages.
    pub id: String,
    /// Where it is.
    pub position: [f64; 3],
    /// Which way the surface looks there, of any length; without it the point counts as seen from everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normal: Option<[f64; 3]>,
    /// What it is, in a few words.
    pub title: Text,
    /// What there is to say about it.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub text: Text,
    /// Where more of it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Url>,
}

/// A way around the product, stop by stop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tour {
    /// Its name within the product.
    pub id: String,
    /// What it is called.
    pub title: Text,
    /// Where it leads, in order.
    pub stops: Vec<TourStop>,
}

/// One stop of a [`Tour`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TourStop {
    /// How far the product is turned, degrees counter-clockwise seen from above.
    pub angle_deg: f64,
    /// How high the camera stands, degrees above the disc.
    pub elevation_deg: f64,
    /// Magnification; 1 shows the whole product.
    #[serde(default = "whole")]
    pub zoom: f64,
    /// The hotspot that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hotspot: Option<String>,
    /// What is said there; else the hotspot's own text.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub text: Text,
    /// How long it stays, seconds.
    #[serde(default = "usual_s")]
    pub seconds: f64,
}

fn whole() -> f64 {
    1.0
}

fn usual_s() -> f64 {
    6.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ProductManifest;

    const WRITTEN: &str = r#"{
        "kind": "xoay-product", "version": 1, "name": {"vi": "M\u1eadt ong", "en": "Honey"},
        "hotspots": [{"id": "lid", "position": [0, 0.1, 0], "normal": [0, 1, 0], "title": {"en": "Lid"}}],
        "tours": [{"id": "t", "title": {"en": "Around"}, "stops": [{"angleDeg": 90, "elevationDeg": 15, "hotspot": "lid"}]}],
        "dimensionsM": [0.08, 0.1, 0.08]
    }"#;

    #[test]
    fn what_people_write_by_hand_is_read_with_the_usual_values() {
        let manifest: ProductManifest = serde_json::from_str(WRITTEN).unwrap();
        let stop = &manifest.tours[0].stops[0];
        assert!((stop.zoom - 1.0).abs() < 1e-12 && (stop.seconds - 6.0).abs() < 1e-12);
        assert_eq!(manifest.hotspots[0].normal, Some([0.0, 1.0, 0.0]));
        assert_eq!(manifest.dimensions_m, Some([0.08, 0.1, 0.08]));
        let again: ProductManifest =
            serde_json::from_value(serde_json::to_value(&manifest).unwrap()).unwrap();
        assert_eq!(again, manifest);
    }

    #[test]
    fn a_product_without_a_story_is_written_as_before() {
        let plain = r#"{"kind":"xoay-product","version":1,"name":{"en":"Honey"}}"#;
        let manifest: ProductManifest = serde_json::from_str(plain).unwrap();
        assert_eq!(serde_json::to_string(&manifest).unwrap(), plain);
    }

    #[test]
    fn a_hotspots_address_is_the_pages_not_an_objects() {
        let mut manifest: ProductManifest = serde_json::from_str(WRITTEN).unwrap();
        manifest.hotspots[0].url = Some("https://shop.example/lid".into());
        manifest
            .try_map_urls(|_| Err::<Url, _>("nothing here is an object"))
            .unwrap();
        assert_eq!(
            manifest.hotspots[0].url.as_deref(),
            Some("https://shop.example/lid")
        );
    }
}
