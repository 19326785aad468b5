use super::GltfError;
use super::accessor::{Attribute, ComponentType, Semantic};
use super::draco::{self, Decoded};
use super::views::{Views, invalid, shape};
use crate::json::Json;

/// One primitive at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// Index into [`super::Model::nodes`].
    pub node: usize,
    /// Index into [`super::Model::skins`]; then the node's own place does not count.
    pub skin: Option<usize>,
    /// Index into [`super::Model::morphs`].
    pub morph: Option<usize>,
    /// Index into [`super::Model::materials`].
    pub material: usize,
    /// The material of each of [`super::Model::variants`]; empty where all have the same.
    pub by_variant: Vec<usize>,
    /// GL's primitive mode, 0 to 6.
    pub mode: u32,
    /// Attributes; the position comes first.
    pub attributes: Vec<Attribute>,
    /// Indices, where the primitive has any.
    pub indices: Option<Attribute>,
    /// How many vertices are drawn.
    pub count: usize,
}

impl Draw {
    /// Its attribute of this meaning.
    #[must_use]
    pub fn attribute(&self, semantic: Semantic) -> Option<&Attribute> {
        self.attributes.iter().find(|a| a.semantic == semantic)
    }
}

/// Shapes that a primitive can take.
#[derive(Clone, Debug, PartialEq)]
pub struct Morph {
    /// What can be added.
    pub targets: Vec<MorphTarget>,
    /// Vertices of the primitive.
    pub vertices: usize,
}

/// What a whole weight adds to every vertex: three numbers each.
#[derive(Clone, Debug, PartialEq)]
pub struct MorphTarget {
    /// To the positions; may be empty.
    pub positions: Vec<f32>,
    /// To the normals; may be empty.
    pub normals: Vec<f32>,
}

/// What a primitive is read with.
pub(super) struct Reading<'r, 'a> {
    pub views: &'r mut Views<'a>,
    pub materials: usize,
    pub variants: usize,
    pub morphs: Vec<Morph>,
}

impl Reading<'_, '_> {
    pub fn primitive(&mut self, json: &Json, mesh: usize, node: usize) -> Result<Draw, GltfError> {
        let packed = draco::extension(json);
        let decoded = packed.get("bufferView").index();
        let mut parts = self.views.decoded.iter();
        let decoded = decoded.and_then(|view| parts.find(|part| part.0 == view));
        let (attributes, indices) = match decoded {
            Some((view, decoded)) => self.unpacked(json, packed, *view, decoded)?,
            None => self.plain(json, packed, mesh)?,
        };
        let position = attributes.first();
        let position = position.filter(|a| a.semantic == Semantic::Position && a.components == 3);
        let vertices = position.map(|a| a.count);
        let vertices = vertices.ok_or(invalid("mesh", mesh, "a primitive has no POSITION"))?;
        if attributes.iter().any(|a| a.count != vertices) {
            return Err(invalid("mesh", mesh, "its attributes differ in count"));
        }
        if attributes.iter().any(|a| a.components > 4) {
            return Err(invalid("mesh", mesh, "an attribute is a matrix"));
        }
        let material = json.get("material").index();
        let material = self.material(material.unwrap_or(self.materials - 1))?;
        Ok(Draw {
            node,
            skin: None,
            morph: self.morph(json, vertices)?,
            material,
            by_variant: self.by_variant(json, material)?,
            mode: mode(json),
            count: indices.map_or(vertices, |i| i.count),
            attributes,
            indices,
        })
    }

    fn plain(&mut self, json: &Json, packed: &Json, mesh: usize) -> Result<Parts, GltfError> {
        let mut attributes = Vec::new();
        for (semantic, name) in Semantic::ALL {
            let Some(accessor) = json.get("attributes").get(name).index() else {
                continue;
            };
            let known = self.views.json.get("accessors").items().get(accessor);
            if !packed.is_null() && known.is_some_and(|a| a.get("bufferView").is_null()) {
                // Without its decoder, a compressed mesh would be nothing but zeros.
                let name = "KHR_draco_mesh_compression";
                return Err(GltfError::Unsupported(name.into()));
            }
            attributes.push(self.views.attribute(accessor, semantic)?);
        }
        let Some(position) = attributes.first() else {
            return Err(invalid("mesh", mesh, "a primitive has no POSITION"));
        };
        let vertices = position.count;
        let indices = match json.get("indices").index() {
            Some(accessor) => Some(read_indices(accessor, vertices, self.views)?),
            None => None,
        };
        Ok((attributes, indices))
    }

    /// What Draco's decoder gave, as if the file had held it so.
    fn unpacked(
        &mut self,
        json: &Json,
        packed: &Json,
        part: usize,
        decoded: &Decoded,
    ) -> Result<Parts, GltfError> {
        let mut attributes = Vec::new();
        for (semantic, name) in Semantic::ALL {
            let Some(accessor) = json.get("attributes").get(name).index() else {
                continue;
            };
            let Some(id) = packed.get("attributes").get(name).index() else {
                attributes.push(self.views.attribute(accessor, semantic)?);
                continue;
            };
            let known = self.views.json.get("accessors").items().get(accessor);
            let known = known.ok_or(invalid("accessor", accessor, "there is none"))?;
            let mut attribute = shape(known, accessor, semantic)?;
            let packed = attribute.components * attribute.component.size();
            let values = decoded.values(id as u32, attribute.count, packed);
            let why = "its geometry differs from what was compressed";
            let values = values.ok_or(invalid("accessor", accessor, why))?;
            // GL wants every value at a multiple of four bytes to read it fast, and of its numbers to read it at all.
            attribute.stride = packed.next_multiple_of(4);
            attribute.offset = 0;
            let mut bytes = Vec::with_capacity(attribute.count * attribute.stride);
            for value in values.chunks_exact(packed) {
                bytes.extend_from_slice(value);
                bytes.resize(bytes.len().next_multiple_of(4), 0);
            }
            attribute.view = self.views.add(bytes)?;
            attributes.push(attribute);
        }
        let vertices = attributes.first().map_or(0, |a| a.count);
        let bytes = decoded.indices.clone();
        let indices = Attribute {
            semantic: Semantic::Position,
            offset: 0,
            stride: 4,
            component: ComponentType::U32,
            components: 1,
            normalized: false,
            count: bytes.len() / 4,
            view: self.views.add(bytes)?,
        };
        check_indices(&indices, part, vertices, self.views)?;
        Ok((attributes, Some(indices)))
    }

    fn material(&self, index: usize) -> Result<usize, GltfError> {
        if index < self.materials {
            Ok(index)
        } else {
            Err(invalid("material", index, "there is none"))
        }
    }

    fn by_variant(&self, json: &Json, otherwise: usize) -> Result<Vec<usize>, GltfError> {
        let extension = json.get("extensions").get("KHR_materials_variants");
        let mappings = extension.get("mappings").items();
        if mappings.is_empty() {
            return Ok(Vec::new());
        }
        let mut materials = vec![otherwise; self.variants];
        for mapping in mappings {
            let material = mapping.get("material").index().unwrap_or(usize::MAX);
            let material = self.material(material)?;
            for variant in mapping.get("variants").items() {
                if let Some(slot) = variant.index().and_then(|v| materials.get_mut(v)) {
                    *slot = material;
                }
            }
        }
        Ok(materials)
    }

    fn morph(&mut self, json: &Json, vertices: usize) -> Result<Option<usize>, GltfError> {
        let mut targets = Vec::new();
        for target in json.get("targets").items() {
            let mut read = |name: &str| match target.get(name).index() {
                None => Ok(Vec::new()),
                Some(accessor) => {
                    let deltas = self.views.floats(accessor, 3)?;
                    if deltas.len() == 3 * vertices {
                        Ok(deltas)
                    } else {
                        let why = "a morph target differs from its mesh in count";
                        Err(invalid("accessor", accessor, why))
                    }
                }
            };
            targets.push(MorphTarget {
                positions: read("POSITION")?,
                normals: read("NORMAL")?,
            });
        }
        if targets.is_empty() {
            return Ok(None);
        }
        self.morphs.push(Morph { targets, vertices });
        Ok(Some(self.morphs.len() - 1))
    }
}

type Parts = (Vec<Attribute>, Option<Attribute>);

fn mode(json: &Json) -> u32 {
    json.get("mode").index().map_or(4, |m| m.min(6) as u32)
}

fn read_indices(
    accessor: usize,
    vertices: usize,
    views: &mut Views<'_>,
) -> Result<Attribute, GltfError> {
    let indices = views.attribute(accessor, Semantic::Position)?;
    let fitting = matches!(
        indices.component,
        ComponentType::U8 | ComponentType::U16 | ComponentType::U32
    );
    if !fitting || indices.components != 1 || indices.stride != indices.component.size() {
        let why = "indices must be packed unsigned integers";
        return Err(invalid("accessor", accessor, why));
    }
    check_indices(&indices, accessor, vertices, views)?;
    Ok(indices)
}

fn check_indices(
    indices: &Attribute,
    accessor: usize,
    vertices: usize,
    views: &mut Views<'_>,
) -> Result<(), GltfError> {
    let size = indices.component.size();
    let bytes = &views.bytes(indices.view)?[indices.offset..];
    let beyond = bytes[..indices.count * size].chunks_exact(size).any(|b| {
        let mut word = [0; 4];
        word[..size].copy_from_slice(b);
        u32::from_le_bytes(word) as usize >= vertices
    });
    if beyond {
        let why = "an index names a vertex that does not exist";
        return Err(invalid("accessor", accessor, why));
    }
    Ok(())
}
