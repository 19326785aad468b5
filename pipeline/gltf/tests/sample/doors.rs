//! OBJ, PLY and STL made on the spot.

use std::fmt::Write;

/// A cube of quads, some named from the end.
pub const CUBE: &str = "\
# Khối lập phương
o khối
v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0
v 0 0 1
v 1 0 1
v 1 1 1
v 0 1 1
f 4 3 2 1
f 5 6 7 8
f 1 2 6 5
f -6 -5 -1 -2
f 1 5 8 4
f 2 3 7 6
";

/// The same two faces, one of five corners, in one of the three forms.
pub fn ply(format: &str, texcoords: bool) -> Vec<u8> {
    let uv = if texcoords {
        "property list uchar float texcoord\nproperty int texnumber\n"
    } else {
        ""
    };
    let mut out = format!(
        "ply\nformat {format} 1.0\ncomment TextureFile màu.png\ncomment made by hand\nelement vertex 5\n\
         property uchar red\nproperty float z\nproperty double x\nproperty float y\nproperty uchar green\n\
         property uchar blue\nproperty list uchar short around\nelement ghost 0\nproperty int nothing\n\
         element face 2\nproperty list uchar int vertex_indices\n{uv}end_header\n"
    )
    .into_bytes();
    let ascii = format == "ascii";
    let big = format == "binary_big_endian";
    let put = |out: &mut Vec<u8>, little: &[u8], text: String| {
        if ascii {
            out.extend(text.as_bytes());
            out.push(b' ');
        } else if big {
            out.extend(little.iter().rev());
        } else {
            out.extend(little);
        }
    };
    let points = [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [1.0, 1.0], [0.0, 2.0]];
    for [x, y] in points {
        put(&mut out, &[255], "255".into());
        put(&mut out, &0.5f32.to_le_bytes(), "0.5".into());
        put(&mut out, &f64::to_le_bytes(x), x.to_string());
        put(&mut out, &(y as f32).to_le_bytes(), y.to_string());
        put(&mut out, &[0], "0".into());
        put(&mut out, &[128], "128".into());
        put(&mut out, &[1], "1".into());
        put(&mut out, &(-3i16).to_le_bytes(), "-3".into());
    }
    for face in [&[0, 1, 2, 3, 4][..], &[0, 1, 2]] {
        put(&mut out, &[face.len() as u8], face.len().to_string());
        for &vertex in face {
            put(&mut out, &i32::to_le_bytes(vertex), vertex.to_string());
        }
        if texcoords {
            put(
                &mut out,
                &[2 * face.len() as u8],
                (2 * face.len()).to_string(),
            );
            for &vertex in face {
                for value in points[vertex as usize] {
                    let value = value as f32 / 2.0;
                    put(&mut out, &value.to_le_bytes(), value.to_string());
                }
            }
            put(&mut out, &0i32.to_le_bytes(), "0".into());
        }
    }
    out
}

pub const PLY_FORMATS: [&str; 3] = ["ascii", "binary_little_endian", "binary_big_endian"];

const TETRAHEDRON: [[[f32; 3]; 3]; 4] = {
    let [a, b, c, d] = [[0., 0., 0.], [10., 0., 0.], [0., 10., 0.], [0., 0., 10.]];
    [[a, c, b], [a, b, d], [b, c, d], [a, d, c]]
};

pub fn stl_ascii() -> Vec<u8> {
    let mut out = "solid tứ diện\n".to_owned();
    for triangle in TETRAHEDRON {
        out += " facet normal 0 0 0\n  outer loop\n";
        for [x, y, z] in triangle {
            writeln!(out, "   vertex {x:e} {y} {z}").unwrap();
        }
        out += "  endloop\n endfacet\n";
    }
    out += "endsolid tứ diện\n";
    out.into_bytes()
}

pub fn stl_binary(header: &[u8], attribute: u16) -> Vec<u8> {
    let mut out = header.to_vec();
    out.resize(80, b' ');
    out.extend(4u32.to_le_bytes());
    for triangle in TETRAHEDRON {
        out.extend([0; 12]);
        out.extend(
            triangle
                .as_flattened()
                .iter()
                .flat_map(|value| value.to_le_bytes()),
        );
        out.extend(attribute.to_le_bytes());
    }
    out
}
