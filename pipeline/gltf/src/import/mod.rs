//! Models without a scene, units or materials of glTF's kind: OBJ, PLY and STL, each made into a [`Document`].

mod build;
mod normals;
mod obj;
mod phong;
mod pictures;
mod ply;
mod polygon;
mod stl;
mod text;

use std::cell::Cell;
use std::path::Path;

use xoay_format::Watch;

use crate::{Document, GltfError, Limits};

/// A unit of length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Units {
    /// Thousandths of a metre.
    Millimetres,
    /// Hundredths of a metre.
    Centimetres,
    /// Metres.
    Metres,
    /// Inches of 25.4 mm.
    Inches,
    /// Feet of 304.8 mm.
    Feet,
}

impl Units {
    /// How many metres one is.
    #[must_use]
    pub const fn metres(self) -> f64 {
        match self {
            Self::Millimetres => 0.001,
            Self::Centimetres => 0.01,
            Self::Metres => 1.0,
            Self::Inches => 0.0254,
            Self::Feet => 0.3048,
        }
    }
}

/// Which axis of a file points up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpAxis {
    /// +Y, as in glTF.
    Y,
    /// +Z, as in most CAD programs; what pointed to −Y then faces the viewer.
    Z,
}

/// How to take what OBJ, PLY and STL files do not say. Nothing of it concerns glTF, which says it all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImportOptions {
    /// The unit of lengths; where absent millimetres for STL and metres for OBJ and PLY.
    pub units: Option<Units>,
    /// The axis that points up; where absent +Z for STL and +Y for OBJ and PLY.
    pub up: Option<UpAxis>,
    /// Faces that meet at a smaller angle are shaded as one surface where the file has no normals, degrees.
    pub crease_deg: f32,
}

impl Default for ImportOptions {
    /// Each format's convention, and creases from 60° on.
    fn default() -> Self {
        Self {
            units: None,
            up: None,
            crease_deg: 60.0,
        }
    }
}

/// A format that is made into a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Obj,
    Ply,
    Stl,
}

impl Door {
    /// The format of a file by its content; its name plays no part.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if ply::is_ply(bytes) {
            Some(Self::Ply)
        } else if stl::is_stl(bytes) {
            Some(Self::Stl)
        } else if obj::is_obj(bytes) {
            Some(Self::Obj)
        } else {
            None
        }
    }
}

/// Everything an importer needs besides the file.
struct Context<'a> {
    /// Where the files beside it are; none are read without.
    folder: Option<&'a Path>,
    limits: &'a Limits,
    options: ImportOptions,
    watch: Watch<'a>,
    /// Bytes loaded besides the file itself.
    loaded_bytes: Cell<u64>,
}

/// The document of a file that [`Door::of`] knows.
pub(crate) fn read(
    door: Door,
    bytes: &[u8],
    folder: Option<&Path>,
    limits: &Limits,
    options: ImportOptions,
    watch: Watch<'_>,
) -> Result<Document, GltfError> {
    let context = Context {
        folder,
        limits,
        options,
        watch,
        loaded_bytes: Cell::new(0),
    };
    match door {
        Door::Obj => obj::read(bytes, &context),
        Door::Ply => ply::read(bytes, &context),
        Door::Stl => stl::read(bytes, &context),
    }
}

/// From a file's unit and axes to metres and +Y up.
#[derive(Clone, Copy)]
struct Frame {
    metres: f64,
    up: UpAxis,
}

impl Frame {
    fn new(options: ImportOptions, units: Units, up: UpAxis) -> Self {
        Self {
            metres: options.units.unwrap_or(units).metres(),
            up: options.up.unwrap_or(up),
        }
    }

    fn point(self, p: [f64; 3]) -> [f32; 3] {
        self.direction(p.map(|value| value * self.metres))
    }

    fn direction(self, [x, y, z]: [f64; 3]) -> [f32; 3] {
        let turned = match self.up {
            UpAxis::Y => [x, y, z],
            UpAxis::Z => [x, z, -y],
        };
        turned.map(|value| value as f32)
    }
}

/// Memory that an import has taken, against [`Limits::geometry_bytes`].
struct Budget<'a> {
    place: &'static str,
    limits: &'a Limits,
    used_bytes: u64,
}

impl<'a> Budget<'a> {
    const fn new(place: &'static str, limits: &'a Limits) -> Self {
        Self {
            place,
            limits,
            used_bytes: 0,
        }
    }

    fn take(&mut self, bytes: u64) -> Result<(), GltfError> {
        self.used_bytes = self.used_bytes.saturating_add(bytes);
        Limits::check(
            self.place,
            self.used_bytes,
            self.limits.geometry_bytes,
            "bytes",
        )
    }
}
