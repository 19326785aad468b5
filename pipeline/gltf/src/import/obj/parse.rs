//! The lines of an OBJ file.

use std::collections::HashMap;

use xoay_format::Text;

use super::PLACE;
use crate::GltfError;
use crate::import::build::linear_u16;
use crate::import::normals::unit;
use crate::import::text::{Lines, keyword, name, number, words};
use crate::import::{Budget, Context, Frame, polygon};

/// What a vertex, a texture coordinate or a normal costs, and a triangle.
const ITEM_BYTES: u64 = 24;
const TRIANGLE_BYTES: u64 = 40;
/// More objects, materials or libraries than this are no product.
const MOST_NAMES: usize = 100_000;

/// Triangles of one object with one material.
pub(super) struct Part {
    pub object: usize,
    pub material: usize,
    /// For each corner the position from 0, then texture coordinate and normal from 1, 0 where it has none.
    pub corners: Vec<[[u32; 3]; 3]>,
    /// The smoothing group of each triangle, 0 for none.
    pub groups: Vec<u32>,
}

/// What a file holds, in metres and +Y up. All indices are in range.
#[derive(Default)]
pub(super) struct Obj {
    pub positions: Vec<[f32; 3]>,
    /// One for each position, or none at all; linear.
    pub colors: Vec<[u16; 4]>,
    /// From the picture's top left.
    pub uvs: Vec<[f32; 2]>,
    /// Unit length.
    pub normals: Vec<[f32; 3]>,
    pub parts: Vec<Part>,
    /// Names of objects, of materials as faces use them, and of libraries; empty where there is none.
    pub objects: Vec<String>,
    pub materials: Vec<String>,
    pub libraries: Vec<String>,
    /// Whether the file speaks of smoothing groups.
    pub has_groups: bool,
}

struct Parser<'a, 'b> {
    frame: Frame,
    budget: &'a mut Budget<'b>,
    obj: Obj,
    line: u64,
    /// Parts by object and material.
    known: HashMap<(usize, usize), usize>,
    names: HashMap<(Kind, String), usize>,
    object: usize,
    material: usize,
    group: u32,
    has_objects: bool,
    /// Polygons left out, and lines and points.
    lost: u64,
    thin: u64,
    bad_normals: Vec<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Object,
    Material,
}

pub(super) fn read(
    bytes: &[u8],
    frame: Frame,
    context: &Context<'_>,
    budget: &mut Budget<'_>,
) -> Result<Obj, GltfError> {
    let mut parser = Parser {
        frame,
        budget,
        obj: Obj::default(),
        line: 0,
        known: HashMap::new(),
        names: HashMap::new(),
        object: 0,
        material: 0,
        group: 0,
        has_objects: false,
        lost: 0,
        thin: 0,
        bad_normals: Vec::new(),
    };
    parser.object = parser.named(Kind::Object, String::new())?;
    parser.material = parser.named(Kind::Material, String::new())?;
    for (line, text) in Lines::new(bytes) {
        parser.line = line;
        let (word, rest) = keyword(&text);
        parser.statement(word, rest)?;
    }
    if parser.lost > 0 {
        let lost = parser.lost;
        context.watch.warn(Text::new(
            format!("đã bỏ {lost} mặt có ít hơn ba đỉnh hoặc có toạ độ không phải là số"),
            format!("{lost} faces were dropped: fewer than three corners, or coordinates that are not numbers"),
        ));
    }
    if parser.thin > 0 {
        context.watch.warn(Text::new(
            "đường, điểm, đường cong và mặt cong tự do không được đọc; chỉ các mặt được giữ lại",
            "lines, points, free-form curves and surfaces are not read; only the faces are kept",
        ));
    }
    let mut obj = parser.obj;
    if !obj.colors.is_empty() {
        let white = crate::import::build::WHITE;
        obj.colors.resize(obj.positions.len(), white);
    }
    Ok(obj)
}

impl Parser<'_, '_> {
    fn broken(&self, vi: &str, en: &str) -> GltfError {
        let line = self.line;
        GltfError::invalid(
            PLACE,
            format!("dòng {line}: {vi}; tệp có thể bị cắt cụt, hãy xuất lại mô hình"),
            format!("line {line}: {en}; the file may be cut off, export the model again"),
        )
    }

    /// The number of a name, the same for the same name.
    fn named(&mut self, kind: Kind, name: String) -> Result<usize, GltfError> {
        let names = match kind {
            Kind::Object => &mut self.obj.objects,
            Kind::Material => &mut self.obj.materials,
        };
        if let Some(&known) = self.names.get(&(kind, name.clone())) {
            return Ok(known);
        }
        if names.len() >= MOST_NAMES {
            return Err(self.broken("quá nhiều tên", "there are too many names"));
        }
        names.push(name.clone());
        let index = names.len() - 1;
        self.names.insert((kind, name), index);
        Ok(index)
    }

    fn statement(&mut self, word: &[u8], rest: &[u8]) -> Result<(), GltfError> {
        match word {
            b"v" => self.vertex(rest)?,
            b"vt" => {
                self.budget.take(ITEM_BYTES)?;
                let mut numbers = words(rest).map(number);
                let u = self.expected(numbers.next().flatten())?;
                let v = numbers.next().flatten().unwrap_or(0.0);
                let uv = [u as f32, (1.0 - v) as f32];
                let finite = uv.iter().all(|value| value.is_finite());
                self.obj.uvs.push(if finite { uv } else { [0.0; 2] });
            }
            b"vn" => {
                self.budget.take(ITEM_BYTES)?;
                let normal = self.three(rest)?;
                let turned = unit(self.frame.direction(normal).map(f64::from));
                self.bad_normals.push(turned.is_none());
                self.obj.normals.push(turned.unwrap_or([0.0, 1.0, 0.0]));
            }
            b"f" | b"fo" => self.face(rest)?,
            b"o" => {
                self.has_objects = true;
                self.object = self.named(Kind::Object, name(rest))?;
            }
            // Groups are objects where a file has none.
            b"g" if !self.has_objects => self.object = self.named(Kind::Object, name(rest))?,
            b"s" => {
                self.obj.has_groups = true;
                // `off` and 0 are no group.
                let group = words(rest).next().and_then(number);
                self.group = group.map_or(0, |group| group.clamp(0.0, 4e9) as u32);
            }
            b"usemtl" => self.material = self.named(Kind::Material, name(rest))?,
            b"mtllib" => self.libraries(rest)?,
            b"l" | b"p" | b"curv" | b"curv2" | b"surf" => self.thin += 1,
            _ => {}
        }
        Ok(())
    }

    /// One library whose name may hold blanks, or several whose names do not.
    fn libraries(&mut self, rest: &[u8]) -> Result<(), GltfError> {
        let lower = rest.to_ascii_lowercase();
        let ends = lower
            .windows(5)
            .filter(|w| w[..4] == *b".mtl" && w[4] == b' ');
        let files: Vec<String> = if ends.count() > 0 {
            words(rest).map(name).collect()
        } else {
            vec![name(rest)]
        };
        for file in files {
            if !file.is_empty() && !self.obj.libraries.contains(&file) {
                self.obj.libraries.push(file);
            }
        }
        if self.obj.libraries.len() > 1000 {
            return Err(self.broken("quá nhiều thư viện", "there are too many libraries"));
        }
        Ok(())
    }

    fn expected(&self, number: Option<f64>) -> Result<f64, GltfError> {
        number.ok_or_else(|| self.broken("thiếu một số", "a number is missing"))
    }

    fn three(&self, rest: &[u8]) -> Result<[f64; 3], GltfError> {
        let mut numbers = words(rest).map(number);
        let mut next = || self.expected(numbers.next().flatten());
        Ok([next()?, next()?, next()?])
    }

    /// Three coordinates, then perhaps a weight, or red, green and blue, or both.
    fn vertex(&mut self, rest: &[u8]) -> Result<(), GltfError> {
        self.budget.take(ITEM_BYTES)?;
        let position = self.three(rest)?;
        self.obj.positions.push(self.frame.point(position));
        let mut more = [0.0; 4];
        let mut count = 0;
        for value in words(rest).skip(3).take(4).map(number) {
            more[count] = self.expected(value)?;
            count += 1;
        }
        let color = match count {
            3 => [more[0], more[1], more[2]],
            4 => [more[1], more[2], more[3]],
            _ => return Ok(()),
        };
        let [r, g, b] = color.map(linear_u16);
        let vertex = self.obj.positions.len() - 1;
        self.obj.colors.resize(vertex, crate::import::build::WHITE);
        self.obj.colors.push([r, g, b, u16::MAX]);
        Ok(())
    }

    /// An index of a face: from 1, or from the end where it is negative; 0 where it is absent.
    fn index(&self, word: &[u8], count: usize) -> Result<u32, GltfError> {
        if word.is_empty() {
            return Ok(0);
        }
        let value = std::str::from_utf8(word)
            .ok()
            .and_then(|word| word.parse::<i64>().ok());
        let from_one = value.and_then(|value| {
            let index = if value < 0 {
                count as i64 + 1 + value
            } else {
                value
            };
            (1..=count as i64).contains(&index).then_some(index as u32)
        });
        from_one.ok_or_else(|| {
            let shown = name(&word[..word.len().min(20)]);
            self.broken(
                &format!("chỉ số {shown:?} nằm ngoài {count} mục đã có"),
                &format!("the index {shown:?} is outside of the {count} so far"),
            )
        })
    }

    fn face(&mut self, rest: &[u8]) -> Result<(), GltfError> {
        let mut corners: Vec<[u32; 3]> = Vec::new();
        for word in words(rest) {
            let mut parts = word.split(|&byte| byte == b'/');
            let mut part = |count: usize| self.index(parts.next().unwrap_or_default(), count);
            let position = part(self.obj.positions.len())?;
            let uv = part(self.obj.uvs.len())?;
            let mut normal = part(self.obj.normals.len())?;
            if normal != 0 && self.bad_normals[normal as usize - 1] {
                normal = 0;
            }
            let Some(position) = position.checked_sub(1) else {
                return Err(self.broken("mặt thiếu chỉ số đỉnh", "a face lacks a vertex"));
            };
            corners.push([position, uv, normal]);
        }
        let positions: Vec<[f32; 3]> = corners
            .iter()
            .map(|corner| self.obj.positions[corner[0] as usize])
            .collect();
        if corners.len() < 3 || !positions.as_flattened().iter().all(|v| v.is_finite()) {
            self.lost += 1;
            return Ok(());
        }
        let key = (self.object, self.material);
        let next = self.obj.parts.len();
        let part = *self.known.entry(key).or_insert(next);
        if part == next {
            self.obj.parts.push(Part {
                object: self.object,
                material: self.material,
                corners: Vec::new(),
                groups: Vec::new(),
            });
        }
        for triangle in polygon::triangulate(&positions) {
            self.budget.take(TRIANGLE_BYTES)?;
            let part = &mut self.obj.parts[part];
            part.corners.push(triangle.map(|corner| corners[corner]));
            part.groups.push(self.group);
        }
        Ok(())
    }
}
