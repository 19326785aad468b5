//! Rows of camera heights, told by the names of folders and files.

use std::collections::{BTreeMap, BTreeSet};

use xoay_format::Text;

use crate::SpinError;
use crate::listing::{FoundRow, Listing};
use crate::options::RowSplit;
use crate::words::{Piece, folder_pieces, pieces};

/// Say, before a number, that it counts rows: row, ring, tier, level; hàng, tầng, vòng.
const ROW_WORDS: &[&str] = &[
    "row",
    "rows",
    "ring",
    "tier",
    "level",
    "elev",
    "elevation",
    "hang",
    "tang",
    "vong",
];
/// Say so only where the photos of all rows are numbered alike.
const WEAK_ROW_WORDS: &[&str] = &["r", "h"];
/// Say, before a number, that it is the camera's height in degrees.
const ELEVATION_WORDS: &[&str] = &["elev", "elevation"];
/// Words for camera heights and their order; dưới and thấp, giữa, trên and cao.
const HEIGHTS: &[(&str, i8)] = &[
    ("bottom", -2),
    ("low", -1),
    ("lower", -1),
    ("duoi", -1),
    ("thap", -1),
    ("mid", 0),
    ("middle", 0),
    ("giua", 0),
    ("high", 1),
    ("upper", 1),
    ("tren", 1),
    ("cao", 1),
    ("top", 2),
];

/// What a row is called.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RowName {
    /// The word that the row is told by, without marks: `top`, `a`. Empty where a number tells it.
    pub key: String,
    pub number: Option<u64>,
    /// The folder that it lies in.
    pub folder: Option<String>,
    /// The camera's height above the turntable in degrees, where the name states it.
    pub elevation_deg: Option<f64>,
}

impl RowName {
    pub(crate) fn of_folder(label: &str) -> Self {
        let pieces = folder_pieces(label);
        let mut numbers = pieces.iter().filter_map(|piece| match piece {
            Piece::Number(number) => Some(*number),
            Piece::Word(_) => None,
        });
        let only_number = numbers.next().filter(|_| numbers.next().is_none());
        let number = row_number(&pieces).or(only_number);
        let word = pieces.iter().find_map(|piece| match piece {
            Piece::Word(word) if number.is_none() || names_a_height(word) => Some(word.clone()),
            _ => None,
        });
        Self {
            key: word.unwrap_or_default(),
            number,
            folder: Some(label.to_owned()),
            elevation_deg: elevation_deg(&pieces),
        }
    }

    fn height(&self) -> Option<i8> {
        let height = HEIGHTS.iter().find(|(word, _)| *word == self.key);
        height.map(|(_, height)| *height)
    }
}

pub(crate) fn is_row_word(word: &str) -> bool {
    ROW_WORDS.contains(&word) || WEAK_ROW_WORDS.contains(&word)
}

pub(crate) fn names_a_height(word: &str) -> bool {
    HEIGHTS.iter().any(|(known, _)| *known == word)
}

/// The number that follows a word for rows.
pub(crate) fn row_number(pieces: &[Piece]) -> Option<u64> {
    number_after(pieces, is_row_word)
}

fn elevation_deg(pieces: &[Piece]) -> Option<f64> {
    number_after(pieces, |word| ELEVATION_WORDS.contains(&word))
        .filter(|&degrees| degrees <= 90)
        .map(|degrees| degrees as f64)
}

fn number_after(pieces: &[Piece], wanted: impl Fn(&str) -> bool) -> Option<u64> {
    pieces.windows(2).find_map(|pair| match pair {
        [Piece::Word(word), Piece::Number(number)] if wanted(word) => Some(*number),
        _ => None,
    })
}

/// Brings rows into the order of their cameras, the lowest first, where all names say how high these stood.
pub(crate) fn lowest_first(rows: &mut [FoundRow]) {
    if rows.iter().all(|row| row.name.height().is_some()) {
        rows.sort_by_key(|row| row.name.height());
    }
}

/// Splits a single row whose photos bear rows in their names, and notes how they were understood.
///
/// Careful, since a wrong split spoils every turn: file names must follow one pattern, and either say `row`, `hàng`,
/// `top` and the like, or count the photos of all rows alike behind A, B … or 1, 2 ….
pub(crate) fn split_by_name(listing: &mut Listing) {
    let [row] = listing.rows.as_slice() else {
        return;
    };
    let names: Vec<Vec<Piece>> = row.photos.iter().map(|p| pieces(&p.name)).collect();
    let Some(mut split) = by_height(&names)
        .or_else(|| by_row_word(&names))
        .or_else(|| by_prefix(&names))
    else {
        return;
    };
    let photos = std::mem::take(&mut listing.rows).swap_remove(0).photos;
    let mut rows: Vec<FoundRow> = Vec::new();
    split.sort_by_key(|(_, members)| members.first().copied());
    let mut row_of = BTreeMap::new();
    for (number, (name, members)) in split.into_iter().enumerate() {
        row_of.extend(members.into_iter().map(|member| (member, number)));
        rows.push(FoundRow {
            name,
            photos: Vec::new(),
        });
    }
    for (member, photo) in photos.into_iter().enumerate() {
        if let Some(&number) = row_of.get(&member) {
            rows[number].photos.push(photo);
        }
    }
    rows.sort_by_key(|row| row.name.number);
    listing.notes.push(note(&rows));
    listing.rows = rows;
}

fn note(rows: &[FoundRow]) -> Text {
    let list = |photos: &str| {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| match row.photos.first() {
                Some(first) => format!("{} … ({} {photos})", first.name, row.photos.len()),
                None => String::new(),
            })
            .collect();
        rows.join(", ")
    };
    let count = rows.len();
    Text::new(
        format!(
            "theo tên tệp, bộ ảnh có {count} hàng: {}; nếu không phải, hãy dùng --rows 1",
            list("ảnh")
        ),
        format!(
            "by the file names there are {count} rows: {}; if that is wrong, use --rows 1",
            list("photos")
        ),
    )
}

/// Rows and the places of their photos.
type Split = Vec<(RowName, Vec<usize>)>;

/// `top_01`, `bottom_01`: every name has one word for a height.
fn by_height(names: &[Vec<Piece>]) -> Option<Split> {
    let mut rows: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, pieces) in names.iter().enumerate() {
        let mut words = pieces.iter().filter_map(|piece| match piece {
            Piece::Word(word) if names_a_height(word) => Some(word),
            _ => None,
        });
        let word = words.next().filter(|_| words.next().is_none())?;
        rows.entry(word.clone()).or_default().push(at);
    }
    let rows = rows.into_iter().map(|(key, members)| {
        let name = RowName {
            key,
            ..RowName::default()
        };
        (name, members)
    });
    several(rows.collect())
}

/// `row0_012`, `hang1-3`, `r2-07`: every name has a row's number and another one.
fn by_row_word(names: &[Vec<Piece>]) -> Option<Split> {
    let mut rows: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    let mut weak = false;
    let mut counted: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    for (at, pieces) in names.iter().enumerate() {
        let strong = number_after(pieces, |word| ROW_WORDS.contains(&word));
        weak |= strong.is_none();
        let row = strong.or_else(|| row_number(pieces))?;
        let mut numbers = pieces.iter().filter_map(|piece| match piece {
            Piece::Number(number) => Some(*number),
            Piece::Word(_) => None,
        });
        let last = numbers.next_back()?;
        numbers.next()?; // a row's number alone counts the photos
        rows.entry(row).or_default().push(at);
        counted.entry(row).or_default().insert(last);
    }
    if weak && !counted_alike(&counted.values().collect::<Vec<_>>()) {
        return None;
    }
    let rows = rows.into_iter().map(|(number, members)| {
        let name = RowName {
            number: Some(number),
            elevation_deg: members
                .first()
                .and_then(|&first| elevation_deg(&names[first])),
            ..RowName::default()
        };
        (name, members)
    });
    several(rows.collect())
}

/// `A01` and `B01`, `shot_1_01` and `shot_2_01`: names that differ in one letter or small number before the last
/// number, which counts the photos of each row alike. Other words are no rows: `jar_01` and `box_01` are two products.
fn by_prefix(names: &[Vec<Piece>]) -> Option<Split> {
    let mut rows: BTreeMap<&[Piece], Vec<usize>> = BTreeMap::new();
    let mut counted: BTreeMap<&[Piece], BTreeSet<u64>> = BTreeMap::new();
    for (at, pieces) in names.iter().enumerate() {
        let (Piece::Number(number), prefix) = pieces.split_last()? else {
            return None;
        };
        rows.entry(prefix).or_default().push(at);
        counted.entry(prefix).or_default().insert(*number);
    }
    let numbered_once = rows
        .iter()
        .all(|(key, row)| row.len() == counted[key].len());
    if !numbered_once || !counted_alike(&counted.values().collect::<Vec<_>>()) {
        return None;
    }
    let (first, _) = rows.first_key_value()?;
    let differs: BTreeSet<usize> = rows
        .keys()
        .flat_map(|key| (0..key.len()).filter(|&at| key.get(at) != first.get(at)))
        .collect();
    let same_length = rows.keys().all(|key| key.len() == first.len());
    let at = *differs
        .first()
        .filter(|_| same_length && differs.len() == 1)?;
    let marks: Vec<&Piece> = rows.keys().map(|key| &key[at]).collect();
    if !consecutive(&marks) {
        return None;
    }
    let rows = rows.iter().map(|(key, members)| {
        let name = match &key[at] {
            Piece::Word(letter) => RowName {
                key: letter.clone(),
                ..RowName::default()
            },
            Piece::Number(number) => RowName {
                number: Some(*number),
                ..RowName::default()
            },
        };
        (name, members.clone())
    });
    several(rows.collect())
}

/// Letters or small numbers in sequence, in their order.
fn consecutive(marks: &[&Piece]) -> bool {
    const MAX_NUMBER: u64 = 32;

    let positions: Option<Vec<u64>> = marks
        .iter()
        .map(|mark| match mark {
            Piece::Number(number) if *number <= MAX_NUMBER => Some(*number),
            Piece::Word(word) if word.len() == 1 => word.bytes().next().map(u64::from),
            _ => None,
        })
        .collect();
    positions.is_some_and(|positions| positions.windows(2).all(|pair| pair[1] == pair[0] + 1))
}

/// Whether rows have nearly the same numbers: one lost photo must not make one row of two.
fn counted_alike(rows: &[&BTreeSet<u64>]) -> bool {
    const MIN_PHOTOS: usize = 6;

    let Some(longest) = rows.iter().max_by_key(|row| row.len()) else {
        return false;
    };
    rows.iter().all(|row| {
        let shared = row.intersection(longest).count();
        row.len() >= MIN_PHOTOS && shared * 5 >= row.union(longest).count() * 4
    })
}

/// At least two rows, each of at least two photos, and no more rows than anyone photographs.
fn several(split: Split) -> Option<Split> {
    const MAX_ROWS: usize = 16;

    let plausible = (2..=MAX_ROWS).contains(&split.len())
        && split.iter().all(|(_, members)| members.len() >= 2);
    plausible.then_some(split)
}

/// How many photos each row has, where the caller says so.
pub(crate) fn asked_lengths(photos: usize, asked: &RowSplit) -> Result<Vec<u32>, SpinError> {
    match asked {
        RowSplit::Count(count) => match photos.checked_rem(*count as usize) {
            Some(0) if photos > 0 => Ok(vec![photos as u32 / count; *count as usize]),
            _ => Err(SpinError::UnevenRows {
                photos,
                rows: *count,
            }),
        },
        RowSplit::Lengths(lengths) => {
            let sum: u64 = lengths.iter().copied().map(u64::from).sum();
            if sum == photos as u64 && !lengths.contains(&0) {
                Ok(lengths.clone())
            } else {
                Err(SpinError::RowLengths {
                    photos,
                    lengths: lengths.clone(),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PhotoSource;
    use crate::listing::Found;

    fn listed(mut names: Vec<String>) -> Listing {
        names.sort_by(|a, b| crate::natural_order(a, b));
        let photos = names.into_iter().map(|name| Found {
            source: PhotoSource::File(name.clone().into()),
            name,
        });
        let mut listing = Listing {
            rows: vec![FoundRow {
                name: RowName::default(),
                photos: photos.collect(),
            }],
            ..Listing::default()
        };
        split_by_name(&mut listing);
        lowest_first(&mut listing.rows);
        listing
    }

    /// Names of each prefix with the numbers 1 to `count`.
    fn numbered(prefixes: &[&str], count: u32) -> Vec<String> {
        let each = prefixes.iter();
        each.flat_map(|prefix| (1..=count).map(move |n| format!("{prefix}{n:02}.jpg")))
            .collect()
    }

    fn first_names(listing: &Listing) -> Vec<&str> {
        let rows = listing.rows.iter();
        rows.map(|row| row.photos[0].name.as_str()).collect()
    }

    #[test]
    fn names_tell_rows_the_lowest_first() {
        for (prefixes, expected) in [
            (["row1_", "row0_"], ["row0_01.jpg", "row1_01.jpg"]),
            (
                ["vase-r2-", "vase-r1-"],
                ["vase-r1-01.jpg", "vase-r2-01.jpg"],
            ),
            (["Hàng1_", "Hàng2_"], ["Hàng1_01.jpg", "Hàng2_01.jpg"]),
            (["top_", "bottom_"], ["bottom_01.jpg", "top_01.jpg"]),
            (["trên ", "dưới "], ["dưới 01.jpg", "trên 01.jpg"]),
            (["A", "B"], ["A01.jpg", "B01.jpg"]),
            (["jar_2_", "jar_1_"], ["jar_1_01.jpg", "jar_2_01.jpg"]),
            (["elev38_", "elev12_"], ["elev12_01.jpg", "elev38_01.jpg"]),
        ] {
            let listing = listed(numbered(&prefixes, 12));
            assert_eq!(first_names(&listing), expected);
            assert!(listing.rows.iter().all(|row| row.photos.len() == 12));
            assert!(listing.notes[0].en.contains("--rows 1"));
        }
        let elevations = listed(numbered(&["elev12_", "elev38_"], 12));
        assert_eq!(elevations.rows[1].name.elevation_deg, Some(38.0));
    }

    #[test]
    fn a_row_may_lack_a_photo_or_be_shorter() {
        let mut names = numbered(&["A", "B"], 24);
        names.remove(3);
        assert_eq!(listed(names).rows.len(), 2);
        let mut names = numbered(&["row0_"], 36);
        names.extend(numbered(&["row1_"], 12));
        assert_eq!(listed(names).rows[0].photos.len(), 36);
    }

    #[test]
    fn other_names_are_one_row() {
        let time = |second: u32| format!("IMG_20260805_{:06}.jpg", 93_000 + second);
        let of = |total: u32| (1..=total).map(|n| format!("{n}_of_{total}.jpg")).collect();
        for names in [
            numbered(&["DSC021"], 48),
            numbered(&["jar_", "box_"], 24),
            numbered(&["IMG_20260805_", "IMG_20260806_"], 24),
            numbered(&["A", "C"], 24),
            numbered(&["A", "B"], 4),
            (0..36).map(time).collect(),
            of(36),
            (1..=30).map(|n| format!("row{n}.jpg")).collect(),
            [numbered(&["A"], 24), numbered(&["B1"], 24)].concat(),
        ] {
            assert_eq!(listed(names.clone()).rows.len(), 1, "{names:?}");
        }
    }

    #[test]
    fn lengths_must_add_up() {
        let lengths = |text: &str| asked_lengths(48, &text.parse().unwrap()).ok();
        assert_eq!(lengths("2"), Some(vec![24, 24]));
        assert_eq!(lengths("36,12"), Some(vec![36, 12]));
        assert_eq!(
            (lengths("5"), lengths("36,13"), lengths("48,0")),
            (None, None, None)
        );
    }
}
