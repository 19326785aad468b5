use draco_core::{
    DataType, DecodeLimits, DecoderBuffer, DracoError, Mesh, MeshDecoder, PointAttribute,
    PointIndex,
};

/// More of either is not decoded: with a few attributes it would be a gigabyte.
const MOST_POINTS: u64 = 20_000_000;

/// An attribute that the model uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The number that Draco knows it by.
    pub id: u32,
    /// GL's number of its component type, 5120 to 5126.
    pub component: u32,
    /// Components a value, 1 to 4.
    pub components: usize,
}

/// Decodes a stream to what [`crate::decode`] gives.
///
/// # Errors
/// A stream that is cut off, malformed or larger than can be shown; an attribute that it lacks.
pub fn unpack(bytes: &[u8], wanted: &[Wanted]) -> Result<Vec<u8>, DracoError> {
    let limits = DecodeLimits::default()
        .with_max_points(MOST_POINTS)
        .with_max_faces(MOST_POINTS);
    let mut buffer = DecoderBuffer::new(bytes).with_limits(limits);
    let mut mesh = Mesh::new();
    MeshDecoder::new().decode(&mut buffer, &mut mesh)?;
    let (points, faces) = (mesh.num_points(), mesh.num_faces());
    let mut out = Vec::with_capacity(8 + 12 * faces);
    out.extend((points as u32).to_le_bytes());
    out.extend((3 * faces as u32).to_le_bytes());
    for corner in mesh.faces().iter().flatten() {
        out.extend(corner.0.to_le_bytes());
    }
    for wanted in wanted {
        let attribute = mesh.attribute_by_unique_id(wanted.id);
        let missing = || DracoError::general("the compressed mesh lacks an attribute");
        write(&mut out, attribute.ok_or_else(missing)?, *wanted, points)?;
        out.resize(out.len().next_multiple_of(4), 0);
    }
    Ok(out)
}

fn write(
    out: &mut Vec<u8>,
    attribute: &PointAttribute,
    wanted: Wanted,
    points: usize,
) -> Result<(), DracoError> {
    let known = [
        (5120, DataType::Int8),
        (5121, DataType::Uint8),
        (5122, DataType::Int16),
        (5123, DataType::Uint16),
        (5125, DataType::Uint32),
        (5126, DataType::Float32),
    ];
    let kind = known.iter().find(|k| k.0 == wanted.component);
    let (_, kind) = kind.ok_or_else(|| DracoError::general("unknown component type"))?;
    if !(1..=4).contains(&wanted.components) {
        return Err(DracoError::general("unknown number of components"));
    }
    let size = kind.byte_length() * wanted.components;
    let same = attribute.data_type() == *kind
        && usize::from(attribute.num_components()) == wanted.components;
    if same {
        let data = attribute.buffer().data();
        for point in 0..points {
            let value = attribute.mapped_index(PointIndex(point as u32)).0 as usize;
            let bytes = value
                .checked_mul(size)
                .and_then(|at| data.get(at..at + size));
            let cut = || DracoError::general("an attribute is cut off");
            out.extend_from_slice(bytes.ok_or_else(cut)?);
        }
        return Ok(());
    }
    // Another type than the file says: its numbers are kept.
    for number in attribute.read_f32s(points, wanted.components) {
        match kind {
            DataType::Int8 => out.extend((number as i8).to_le_bytes()),
            DataType::Uint8 => out.extend((number as u8).to_le_bytes()),
            DataType::Int16 => out.extend((number as i16).to_le_bytes()),
            DataType::Uint16 => out.extend((number as u16).to_le_bytes()),
            DataType::Uint32 => out.extend((number as u32).to_le_bytes()),
            _ => out.extend(number.to_le_bytes()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use draco_core::{
        EncoderBuffer, EncoderOptions, FaceIndex, GeometryAttributeType, MeshEncoder,
    };

    use super::*;

    /// A strip of triangles with positions and one number a vertex.
    fn strip(vertices: u32, speed: i32) -> Vec<u8> {
        let mut mesh = Mesh::new();
        let mut position = PointAttribute::new();
        let count = vertices as usize;
        position.init(
            GeometryAttributeType::Position,
            3,
            DataType::Float32,
            false,
            count,
        );
        let mut generic = PointAttribute::new();
        generic.init(
            GeometryAttributeType::Generic,
            1,
            DataType::Uint16,
            false,
            count,
        );
        for v in 0..vertices {
            let at = [v as f32 * 0.5, (v % 2) as f32, 0.25 * v as f32];
            let bytes: Vec<u8> = at.iter().flat_map(|n| n.to_le_bytes()).collect();
            position.buffer_mut().write(12 * v as usize, &bytes);
            let number = (v * 7) as u16;
            generic
                .buffer_mut()
                .write(2 * v as usize, &number.to_le_bytes());
        }
        mesh.set_num_points(count);
        mesh.add_attribute(position);
        mesh.add_attribute(generic);
        mesh.set_num_faces(count - 2);
        for f in 0..vertices - 2 {
            // Every second triangle of a strip runs the other way round.
            let corners = [f + f % 2, f + 1 - f % 2, f + 2].map(PointIndex);
            mesh.set_face(FaceIndex(f), corners);
        }
        let mut encoder = MeshEncoder::new();
        encoder.set_mesh(mesh);
        let mut options = EncoderOptions::new();
        options.set_compression_level(speed);
        let mut out = EncoderBuffer::new();
        encoder.encode(&options, &mut out).unwrap();
        out.data().to_vec()
    }

    const WANTED: [Wanted; 2] = [
        Wanted {
            id: 0,
            component: 5126,
            components: 3,
        },
        Wanted {
            id: 1,
            component: 5123,
            components: 1,
        },
    ];

    fn words(bytes: &[u8]) -> Vec<u32> {
        let word = |b: &[u8]| u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        bytes.chunks_exact(4).map(word).collect()
    }

    #[test]
    fn a_mesh_comes_back_at_every_level() {
        for level in [0, 3, 7, 10] {
            let out = unpack(&strip(50, level), &WANTED).unwrap();
            let words = words(&out);
            let (vertices, indices) = (words[0] as usize, words[1] as usize);
            assert_eq!((vertices, indices), (50, 48 * 3), "level {level}");
            assert_eq!(out.len(), 8 + 4 * indices + 12 * vertices + 2 * vertices);
            let numbers = &out[8 + 4 * indices + 12 * vertices..];
            for v in 0..vertices {
                let at = 2 + indices + 3 * v;
                let [x, _, z] = [0, 1, 2].map(|k| f32::from_bits(words[at + k]));
                let number = u16::from_le_bytes([numbers[2 * v], numbers[2 * v + 1]]);
                // Vertices may come in another order; what belongs together stays together.
                assert!((z - x / 2.0).abs() < 0.02, "level {level}: {x} {z}");
                assert!((x * 14.0 - f32::from(number)).abs() < 0.4, "{x} {number}");
            }
        }
    }

    #[test]
    fn another_type_than_stored_keeps_the_numbers() {
        let floats = Wanted {
            id: 1,
            component: 5126,
            components: 1,
        };
        let as_stored = unpack(&strip(10, 7), &WANTED[1..]).unwrap();
        let as_floats = unpack(&strip(10, 7), &[floats]).unwrap();
        let start = 8 + 4 * 24;
        for v in 0..10 {
            let at = start + 2 * v;
            let number = u16::from_le_bytes([as_stored[at], as_stored[at + 1]]);
            let bits = words(&as_floats[start..])[v];
            assert!((f32::from(number) - f32::from_bits(bits)).abs() < 1e-6);
        }
    }

    #[test]
    fn what_is_missing_or_cut_off_is_an_error() {
        let whole = strip(30, 7);
        let other = Wanted { id: 9, ..WANTED[0] };
        assert!(unpack(&whole, &[other]).is_err());
        let matrix = Wanted {
            components: 16,
            ..WANTED[0]
        };
        assert!(unpack(&whole, &[matrix]).is_err());
        for end in 0..whole.len() {
            assert!(
                unpack(&whole[..end], &WANTED).is_err(),
                "{end} of {}",
                whole.len()
            );
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0x5a;
            let _ = unpack(&changed, &WANTED);
        }
    }
}
