//! `DICT_4X4_50`, the smallest of `ArUco`'s dictionaries (Garrido-Jurado and others 2014): sixteen bits a marker.

/// Cells along a side, without the black border.
pub(super) const CELLS: usize = 4;

/// The markers' bits, row by row from the upper left, the first the highest; 1 is white.
#[rustfmt::skip]
const CODES: [u16; 50] = [
    0xB532, 0x0F9A, 0x332D, 0x9946, 0x549E, 0x79CD, 0x9E2E, 0xC4F2, 0xFEDA, 0xCF56,
    0xF991, 0x11A7, 0x0EB7, 0x2A0F, 0x24B1, 0x263E, 0x4665, 0x6600, 0x6C5E, 0x76AF,
    0x868B, 0xB02B, 0xCCD5, 0xDD82, 0xFE47, 0x9471, 0xACE4, 0xA554, 0x2123, 0x346F,
    0x4415, 0x57B2, 0x9ECF, 0xF0CB, 0x08AE, 0x0929, 0x1875, 0x04FF, 0x0DF6, 0x1C5A,
    0x1718, 0x2A28, 0x328C, 0x38B2, 0x24E8, 0x2EEB, 0x2D3F, 0x4B64, 0x502E, 0x5013,
];

/// Any two markers, however turned, differ in at least four bits: one that is wrong is put right.
const MOST_WRONG: u32 = 1;

/// How many markers there are.
#[cfg(test)]
const COUNT: u8 = CODES.len() as u8;

/// The bits of a marker; `None` where there is no such marker.
pub(super) fn bits(id: u8) -> Option<u16> {
    CODES.get(usize::from(id)).copied()
}

/// The same square a quarter turn clockwise.
fn turned(bits: u16) -> u16 {
    let mut out = 0;
    for row in 0..CELLS {
        for column in 0..CELLS {
            // What comes to stand here stood in the row that the column counts, from below.
            let from = (CELLS - 1 - column) * CELLS + row;
            let bit = bits >> (15 - from) & 1;
            out |= bit << (15 - (row * CELLS + column));
        }
    }
    out
}

/// Which marker these bits are, and by how many quarter turns clockwise it was turned before they were read.
pub(super) fn recognise(read: u16) -> Option<(u8, usize)> {
    (0..CODES.len()).find_map(|id| {
        let mut code = CODES[id];
        (0..4).find_map(|turns| {
            let wrong = (code ^ read).count_ones();
            code = turned(code);
            (wrong <= MOST_WRONG).then_some((id as u8, turns))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_differ_in_four_bits_however_they_are_turned() {
        for a in 0..COUNT {
            let mut code = bits(a).unwrap();
            for turns in 0..4 {
                for b in 0..COUNT {
                    let apart = (code ^ bits(b).unwrap()).count_ones();
                    assert!(
                        apart >= 4 || (a == b && turns == 0),
                        "{a} turned {turns}, {b}"
                    );
                }
                assert_eq!(recognise(code), Some((a, turns)));
                assert_eq!(recognise(code ^ 0x0100), Some((a, turns)));
                code = turned(code);
            }
            assert_eq!(code, bits(a).unwrap());
        }
        assert_eq!(recognise(0xFFFF), None);
    }
}
