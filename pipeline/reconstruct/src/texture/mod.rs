//! From photos to the colours of a mesh: which pieces of it lie side by side in the atlas, and what the photos say of each
//! place in it.
//!
//! Charts are pieces of the surface as the photo shows them that sees them best (Waechter, Moehrle and Goesele 2014, "Let
//! there be color!"); their colours come from all photos. One photo a chart, its broad light moved to the mean of all
//! vertex by vertex and the seams closed, was tried before: letters broke where charts met, and on large triangles, whose
//! places in a photo are no affine picture of the surface, print stood up to 5 pixels off.

mod atlas;
mod blend;
mod charts;
mod level;
mod sharpness;
mod views;

pub(crate) use self::sharpness::clearness;
pub(crate) use self::views::look;

pub use self::atlas::{Atlas, TexturedMesh};

use self::blend::Blend;

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

/// What is painted: a mesh with a normal for each corner of each triangle, and a colour for each vertex where photos fail.
struct Surface<'a> {
    mesh: &'a Mesh,
    normals: &'a [[[f64; 3]; 3]],
    colors: &'a [[f32; 3]],
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
    let blend = Blend::of(mesh, views, &level::gains(views, &sights));
    drop(sights);
    let normals = mesh.corner_normals();
    let colors = level::vertex_colors(mesh, &blend);
    let surface = Surface {
        mesh,
        normals: &normals,
        colors: &colors,
    };
    atlas::fill_atlas(&surface, &charts, &blend, options)
}
