//! A mat that somebody else printed, from a file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use xoay_format::Text;
use xoay_reconstruct::{Mat, PlacedMarker};

use crate::RecipeError;

/// The whole dictionary takes a hundredth of this.
const MOST_BYTES: u64 = 1 << 20;

#[derive(Deserialize)]
struct MatFile {
    markers: Vec<Marker>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Marker {
    id: u8,
    corners_m: [[f64; 2]; 4],
}

/// Reads a mat: `{"markers": [{"id": 0, "cornersM": [[x, z], …]}, …]}`, each marker's upper left, upper right, lower right
/// and lower left corner as printed, in metres in the mat's plane, x and z as seen from above with z towards the viewer.
///
/// # Errors
/// [`RecipeError::BadMat`].
pub fn read_mat(path: &Path) -> Result<Mat, RecipeError> {
    let wrong = |problem: Text| RecipeError::BadMat {
        path: path.to_path_buf(),
        problem,
    };
    let unread = |error: &dyn std::fmt::Display| {
        wrong(Text::new(
            format!(
                "không đọc được: {error}; hãy ghi a4, a3 hoặc một tệp JSON như README của pipeline/reconstruct mô tả"
            ),
            format!(
                "cannot be read: {error}; say a4, a3 or a JSON file as pipeline/reconstruct's README describes it"
            ),
        ))
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| unread(&error))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(unread(&"over 1 MB"));
    }
    let file: MatFile = serde_json::from_slice(&bytes).map_err(|error| unread(&error))?;
    let markers = file.markers.into_iter().map(|marker| PlacedMarker {
        id: marker.id,
        corners_m: marker.corners_m,
    });
    let mat = Mat {
        markers: markers.collect(),
    };
    if mat.markers.is_empty() || !mat.is_sound() {
        return Err(wrong(Text::new(
            "mỗi ô phải có số từ 0 đến 49, chỉ xuất hiện một lần, và bốn góc của một hình vuông tính bằng mét",
            "each marker needs a number from 0 to 49, once only, and the four corners of a square in metres",
        )));
    }
    Ok(mat)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_mat_is_read_and_nonsense_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mat.json");
        let marker = |id: u8, side: f64| {
            format!(r#"{{"id":{id},"cornersM":[[0,0],[{side},0],[{side},{side}],[0,{side}]]}}"#)
        };
        let write = |markers: &[String]| {
            fs::write(&path, format!(r#"{{"markers":[{}]}}"#, markers.join(","))).unwrap();
        };
        write(&[marker(3, 0.02), marker(4, 0.03)]);
        assert_eq!(read_mat(&path).unwrap().markers.len(), 2);
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(read_mat(&path).is_err(), "{length} bytes");
        }
        for bad in [
            vec![],
            vec![marker(3, 0.02), marker(3, 0.02)],
            vec![marker(50, 0.02)],
            vec![marker(1, 0.0)],
            vec![marker(1, 1e300)],
        ] {
            write(&bad);
            let error = read_mat(&path).unwrap_err().to_string();
            assert!(error.contains("mat.json"), "{error}");
        }
    }
}
