//! From photos to the colours of a mesh: which photo paints which triangle, how charts lie in the atlas, and how their
//! seams vanish.
//!
//! The plan is that of Waechter, Moehrle and Goesele 2014, "Let there be color!": charts are pieces of photos.

mod atlas;
mod charts;
mod level;
mod views;

pub(crate) use self::views::look;

pub use self::atlas::{Atlas, TexturedMesh};

use crate::mesh::Mesh;
use crate::observation::Observation;
use crate::rig::Camera;

/// How a texture is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextureOptions {
    /// Longest side of the atlas, pixels.
    pub max_side: u32,
}

impl Default for TextureOptions {
    fn default() -> Self {
        Self { max_side: 2048 }
    }
}

/// Paints `mesh` with the photos of `views`.
///
/// Colours are sRGB. What no photo shows takes the colours about it.
#[must_use]
pub fn paint(
    mesh: &Mesh,
    views: &[(Camera, &Observation)],
    options: TextureOptions,
) -> TexturedMesh {
    let sights = look(mesh, views);
    let neighbours = charts::neighbours(mesh);
    let labels = charts::choose(mesh, &sights, &neighbours);
    let charts = charts::cut(mesh, &labels, &neighbours, &sights);
    let levels = level::level(mesh, views, &sights, &charts);
    atlas::fill_atlas(mesh, views, &charts, &levels, options)
}
