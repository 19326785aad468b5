//! OBJ with its MTL libraries (Wavefront, Advanced Visualizer manual, appendix B1).

mod parse;

use std::collections::HashMap;

use xoay_format::{Localize, Text};

use self::parse::{Obj, Part};
use super::build::{Corner, Surface, WHITE, add_object, finish, plain_material};
use super::phong::{self, Maps, Phong};
use super::text::{Lines, keyword};
use super::{Budget, Context, Frame, Units, UpAxis, normals, pictures};
use crate::{Document, GltfError};

const PLACE: &str = "OBJ";

/// Whether a file is OBJ: text whose first line that is no comment begins with one of its words.
pub(super) fn is_obj(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = Lines::new(text).find(|(_, line)| !line.is_empty() && line[0] != b'#');
    let Some((_, line)) = first else {
        return false;
    };
    let (word, rest) = keyword(&line);
    let known = matches!(
        word,
        b"v" | b"vt"
            | b"vn"
            | b"vp"
            | b"f"
            | b"o"
            | b"g"
            | b"s"
            | b"mtllib"
            | b"usemtl"
            | b"l"
            | b"p"
    );
    known && (!rest.is_empty() || matches!(word, b"o" | b"g"))
}

pub(super) fn read(bytes: &[u8], context: &Context<'_>) -> Result<Document, GltfError> {
    let mut budget = Budget::new(PLACE, context.limits);
    let frame = Frame::new(context.options, Units::Metres, UpAxis::Y);
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut obj = parse::read(text, frame, context, &mut budget)?;
    let mut document = Document::default();
    let materials = materials(&obj, &mut document, context)?;
    let mut surfaces: Vec<Vec<Surface>> = Vec::new();
    surfaces.resize_with(obj.objects.len(), Vec::new);
    for part in std::mem::take(&mut obj.parts) {
        let mut surface = surface(&obj, &part, context, &mut budget)?;
        surface.material = Some(materials[part.material]);
        surfaces[part.object].push(surface);
    }
    for (name, surfaces) in obj.objects.iter().zip(surfaces) {
        let name = (!name.is_empty()).then(|| name.clone());
        add_object(&mut document, name, surfaces);
    }
    finish(document, PLACE, bytes.len() as u64)
}

/// The triangles of a part with normals where they had none.
fn surface(
    obj: &Obj,
    part: &Part,
    context: &Context<'_>,
    budget: &mut Budget<'_>,
) -> Result<Surface, GltfError> {
    /// What finding normals takes for a triangle.
    const WORK_BYTES: u64 = 120;

    let lacks_normals = part.corners.iter().flatten().any(|corner| corner[2] == 0);
    let made = if lacks_normals {
        budget.take(part.corners.len() as u64 * WORK_BYTES)?;
        let triangles: Vec<[u32; 3]> = part.corners.iter().map(|t| t.map(|c| c[0])).collect();
        let crease = normals::creases(&obj.positions, &triangles, context.options.crease_deg);
        // Where the file speaks of smoothing groups, they decide.
        let joined = |a: usize, b: usize| {
            if obj.has_groups {
                part.groups[a] != 0 && part.groups[a] == part.groups[b]
            } else {
                crease(a, b)
            }
        };
        normals::smooth(&obj.positions, &triangles, joined)
    } else {
        Vec::new()
    };
    let mut surface = Surface::default();
    surface.has_uv = part.corners.iter().flatten().any(|corner| corner[1] != 0);
    surface.has_color = !obj.colors.is_empty();
    for (index, &[v, vt, vn]) in part.corners.iter().flatten().enumerate() {
        let normal = match vn.checked_sub(1) {
            Some(vn) => obj.normals[vn as usize],
            None => made[index],
        };
        let corner = Corner {
            position: obj.positions[v as usize],
            normal,
            uv: vt
                .checked_sub(1)
                .map_or([0.0; 2], |vt| obj.uvs[vt as usize]),
            color: obj.colors.get(v as usize).copied().unwrap_or(WHITE),
        };
        surface.push(corner, budget)?;
    }
    Ok(surface)
}

/// The material of each name that parts use, in the order of the file; gives their indices.
fn materials(
    obj: &Obj,
    document: &mut Document,
    context: &Context<'_>,
) -> Result<Vec<usize>, GltfError> {
    let mut library: HashMap<String, Phong> = HashMap::new();
    for file in &obj.libraries {
        match library_of(file, context) {
            Ok(materials) => {
                for material in materials {
                    library.entry(material.name.clone()).or_insert(material);
                }
            }
            Err(error @ GltfError::TooLarge { .. }) => return Err(error),
            Err(error) => {
                let text = error.text();
                context.watch.warn(Text::new(
                    format!("không dùng được thư viện vật liệu {file:?}: {}", text.vi),
                    format!("the material library {file:?} is not used: {}", text.en),
                ));
            }
        }
    }
    let mut maps = Maps::default();
    let mut used = vec![false; obj.materials.len()];
    for part in &obj.parts {
        used[part.material] = true;
    }
    let mut indices = vec![0; obj.materials.len()];
    for (index, name) in obj.materials.iter().enumerate().filter(|(i, _)| used[*i]) {
        let material = if let Some(phong) = library.get(name) {
            phong::material(phong, &mut maps, document, context)?
        } else {
            let value = if obj.colors.is_empty() { 0.6 } else { 1.0 };
            let mut material = plain_material([value, value, value, 1.0]);
            if !name.is_empty() {
                material.name = Some(name.clone());
                context.watch.warn(Text::new(
                    format!("không tìm thấy vật liệu {name:?} trong thư viện nào; dùng màu xám"),
                    format!("the material {name:?} is in no library; it becomes a plain grey"),
                ));
            }
            material
        };
        indices[index] = document.root.materials.len();
        document.root.materials.push(material);
    }
    Ok(indices)
}

fn library_of(file: &str, context: &Context<'_>) -> Result<Vec<Phong>, GltfError> {
    Ok(phong::parse(&pictures::file(file, context)?))
}
