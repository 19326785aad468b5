//! Photos of the empty turntable, told by their names, and the rows that they belong to.

use std::path::{Path, PathBuf};

use xoay_format::Text;

use crate::listing::{Found, FoundRow, Listing};
use crate::rows::{self, RowName};
use crate::words::{Piece, folder_pieces, pieces};
use crate::{PhotoSource, SpinError};

/// What a folder is called in which such photos lie apart.
const FOLDER_WORDS: &[&str] = &[
    "plate",
    "plates",
    "cleanplate",
    "cleanplates",
    "empty",
    "background",
    "backgrounds",
    "nen",
    "trong",
    "banxoay",
];

/// Whether a folder holds nothing but such photos: its name is one of the words, a row's aside.
pub(crate) fn names_a_folder(label: &str) -> bool {
    let pieces = folder_pieces(label);
    let words = words_without_row(&pieces);
    FOLDER_WORDS.contains(&words.concat().as_str()) || says_so(&words)
}

/// Whether a photo's name says that it shows the empty turntable.
fn names_a_photo(name: &str) -> bool {
    says_so(&words_without_row(&pieces(name)))
}

/// Whether there are photos, and all of them show the empty turntable by their names.
pub(crate) fn are_all(photos: &[Found]) -> bool {
    !photos.is_empty() && photos.iter().all(|photo| names_a_photo(&photo.name))
}

fn says_so(words: &[&str]) -> bool {
    /// Say it where they begin or end a name: a product may well be a plate.
    const AT_AN_END: &[&str] = &["plate", "empty", "nen", "trong", "blank"];
    /// Say it anywhere, with or without a gap within.
    const ANYWHERE: &[&str] = &[
        "cleanplate",
        "background",
        "banxoay",
        "bantrong",
        "phongnen",
        "anhnen",
        "diatrong",
        "emptyturntable",
        "emptytable",
        "noproduct",
        "khongsanpham",
        "khongvat",
    ];

    let at_an_end = [words.first(), words.last()]
        .into_iter()
        .flatten()
        .any(|word| AT_AN_END.contains(word));
    let together = words.concat();
    at_an_end || ANYWHERE.iter().any(|phrase| together.contains(phrase))
}

/// The words of a name, without those that name a row: `row1_plate` and `plate_hang_1` say `plate`.
fn words_without_row(pieces: &[Piece]) -> Vec<&str> {
    let mut words = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let Piece::Word(word) = piece else { continue };
        let numbered = matches!(pieces.get(at + 1), Some(Piece::Number(_)));
        if !(rows::names_a_height(word) || numbered && rows::is_row_word(word)) {
            words.push(word.as_str());
        }
    }
    words
}

/// Takes the photos of the empty turntable out of the rows. `apart` lay in a folder of their own.
pub(crate) fn separate(found: Vec<FoundRow>, apart: Vec<Found>, listing: &mut Listing) {
    let photos: usize = found.iter().map(|row| row.photos.len()).sum();
    let plates = found
        .iter()
        .flat_map(|row| &row.photos)
        .filter(|photo| names_a_photo(&photo.name))
        .count();
    // A product that is itself a plate: nobody takes so many photos of an empty turntable.
    let believable = plates * 4 <= photos;
    for row in found {
        let (plates, frames): (Vec<_>, Vec<_>) = row
            .photos
            .into_iter()
            .partition(|photo| believable && names_a_photo(&photo.name));
        listing.clean_plates.extend(plates);
        if !frames.is_empty() {
            listing.rows.push(FoundRow {
                name: row.name,
                photos: frames,
            });
        }
    }
    if listing.rows.is_empty() {
        // A folder that is called like an empty turntable, and nothing beside it.
        listing.rows.extend((!apart.is_empty()).then(|| FoundRow {
            name: RowName::default(),
            photos: apart,
        }));
    } else {
        listing.clean_plates.extend(apart);
    }
    if !listing.clean_plates.is_empty() {
        let names: Vec<_> = listing
            .clean_plates
            .iter()
            .map(|p| p.name.as_str())
            .collect();
        let names = names.join(", ");
        listing.notes.push(Text::new(
            format!("được coi là ảnh bàn xoay trống, không đưa vào vòng xoay: {names}"),
            format!("taken as photos of the empty turntable and left out of the turn: {names}"),
        ));
    }
}

/// Moves the photos that the caller names as clean plates out of the rows, or finds them elsewhere on disk.
pub(crate) fn take_named(named: &[PathBuf], listing: &mut Listing) -> Result<(), SpinError> {
    for path in named {
        let is_meant = |photo: &Found| {
            let file = photo.name.rsplit('/').next();
            Path::new(&photo.name) == path || file.is_some_and(|file| Path::new(file) == path)
        };
        if listing.clean_plates.iter().any(is_meant) {
            continue;
        }
        let within = listing.rows.iter_mut().find_map(|row| {
            let at = row.photos.iter().position(is_meant)?;
            Some(row.photos.remove(at))
        });
        let plate = match within {
            Some(photo) => photo,
            None if path.is_file() => Found {
                name: path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                source: PhotoSource::File(path.clone()),
            },
            None => return Err(SpinError::NoSuchPlate { path: path.clone() }),
        };
        listing.clean_plates.push(plate);
    }
    listing.rows.retain(|row| !row.photos.is_empty());
    Ok(())
}

/// Which plate belongs to which row: for each row the place in `plates`, if any serves.
///
/// A plate that lies in a row's folder or bears its name or number serves that row, the first that does neither all
/// rows without their own. As many plates as rows, none of which says where it belongs, are taken in order.
pub(crate) fn assign(plates: &[String], rows: &[RowName]) -> Vec<Option<usize>> {
    let said: Vec<Said> = plates
        .iter()
        .map(|plate| row_of(plate, plates, rows))
        .collect();
    let silent = || (0..plates.len()).filter(|&plate| said[plate] == Said::Nothing);
    let in_order = plates.len() == rows.len() && silent().count() == plates.len();
    let for_all = silent().next();
    (0..rows.len())
        .map(|row| {
            if in_order {
                return Some(row);
            }
            let own = said.iter().position(|said| *said == Said::Row(row));
            own.or(for_all)
        })
        .collect()
}

/// What a plate's name says about its row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    Row(usize),
    /// A row that is not there.
    NoRow,
}

fn row_of(plate: &str, plates: &[String], rows: &[RowName]) -> Said {
    if rows.len() == 1 {
        return Said::Nothing;
    }
    let of = |at: Option<usize>| at.map_or(Said::NoRow, Said::Row);
    if let Some((folder, _)) = plate.rsplit_once('/') {
        let inside = rows
            .iter()
            .position(|row| row.folder.as_deref() == Some(folder));
        if inside.is_some() {
            return of(inside);
        }
    }
    let parts = pieces(plate);
    if let Some(number) = rows::row_number(&parts) {
        if rows.iter().any(|row| row.number.is_some()) {
            return of(rows.iter().position(|row| row.number == Some(number)));
        }
        // Rows without numbers of their own are counted from 0 where any plate is, else from 1.
        let zero = plates
            .iter()
            .any(|plate| rows::row_number(&pieces(plate)) == Some(0));
        let at = usize::try_from(number).ok();
        let at = at.and_then(|at| at.checked_sub(usize::from(!zero)));
        return of(at.filter(|&at| at < rows.len()));
    }
    let named = rows.iter().position(|row| {
        !row.key.is_empty()
            && parts
                .iter()
                .any(|piece| matches!(piece, Piece::Word(word) if *word == row.key))
    });
    named.map_or(Said::Nothing, Said::Row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_clean_plates() {
        for name in [
            "plate_row0.jpg",
            "row1/PLATE.jpg",
            "row1_plate.jpg",
            "set_clean-plate 2.png",
            "Background.jpg",
            "Nền.jpg",
            "anh nen hang 2.jpg",
            "bàn xoay trống.jpg",
            "trong_1.png",
            "empty.JPG",
            "top_empty.jpg",
        ] {
            assert!(names_a_photo(name), "{name}");
        }
        for name in [
            "DSC02101.jpg",
            "plates/1.jpg",
            "template.jpg",
            "blue plate side 3.jpg",
            "nenthom_3.jpg",
        ] {
            assert!(!names_a_photo(name), "{name}");
        }
        assert!(names_a_folder("set/Plates") && names_a_folder("bàn xoay trống"));
        assert!(!names_a_folder("row1") && !names_a_folder("top"));
    }

    fn photos(names: impl IntoIterator<Item = String>) -> Vec<Found> {
        let found = |name: String| Found {
            source: PhotoSource::File(name.clone().into()),
            name,
        };
        names.into_iter().map(found).collect()
    }

    #[test]
    fn a_product_named_plate_keeps_its_photos() {
        let row = FoundRow {
            name: RowName::default(),
            photos: photos((1..=8).map(|n| format!("plate_{n}.jpg"))),
        };
        let mut listing = Listing::default();
        separate(vec![row], Vec::new(), &mut listing);
        assert_eq!(
            (listing.rows[0].photos.len(), listing.clean_plates.len()),
            (8, 0)
        );
    }

    /// Plates, rows, and the plate that each row gets.
    type Case<'a> = (&'a [&'a str], &'a [RowName], [Option<usize>; 2]);

    #[test]
    fn each_row_has_its_plate() {
        let folders = ["low", "high"].map(RowName::of_folder);
        let numbered = ["row1", "row2"].map(RowName::of_folder);
        let unnamed = [RowName::default(), RowName::default()];
        let cases: [Case<'_>; 9] = [
            (
                &["high/plate.jpg", "low/plate.jpg"],
                &folders,
                [Some(1), Some(0)],
            ),
            (
                &["plate_high.jpg", "plate_low.jpg"],
                &folders,
                [Some(1), Some(0)],
            ),
            (
                &["plate_row2.jpg", "plate_row1.jpg"],
                &numbered,
                [Some(1), Some(0)],
            ),
            (
                &["plate_row1.jpg", "plate_row0.jpg"],
                &unnamed,
                [Some(1), Some(0)],
            ),
            (
                &["plate_hang1.jpg", "plate_hang2.jpg"],
                &unnamed,
                [Some(0), Some(1)],
            ),
            (
                &["plate_1.jpg", "plate_2.jpg"],
                &unnamed,
                [Some(0), Some(1)],
            ),
            (&["plate.jpg"], &numbered, [Some(0), Some(0)]),
            (
                &["plate.jpg", "plate_row2.jpg"],
                &numbered,
                [Some(0), Some(1)],
            ),
            (&["plate_row7.jpg"], &numbered, [None, None]),
        ];
        for (plates, rows, expected) in cases {
            let plates: Vec<_> = plates.iter().map(ToString::to_string).collect();
            assert_eq!(assign(&plates, rows), expected, "{plates:?}");
        }
    }
}
