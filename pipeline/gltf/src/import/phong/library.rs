//! The text of an MTL file.

use std::collections::BTreeMap;

use crate::import::text::{Lines, keyword, name, number, words};

/// A map of a material: a picture and how it lies.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::import) struct Map {
    pub file: String,
    pub scale: [f64; 2],
    pub offset: [f64; 2],
    pub clamped: bool,
    /// Strength of a bump map.
    pub strength: f64,
}

/// A material as its file says; what it does not say is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::import) struct Phong {
    pub name: String,
    pub kd: Option<[f64; 3]>,
    pub ke: Option<[f64; 3]>,
    pub ns: Option<f64>,
    pub d: Option<f64>,
    pub illum: Option<f64>,
    pub pr: Option<f64>,
    pub pm: Option<f64>,
    pub pc: Option<f64>,
    pub pcr: Option<f64>,
    /// By the word that names them, `map_Kd` and so on.
    pub maps: BTreeMap<&'static str, Map>,
}

/// The words for maps, with those that mean the same.
const MAPS: [(&str, &str); 10] = [
    ("map_kd", "map_Kd"),
    ("map_ke", "map_Ke"),
    ("map_d", "map_d"),
    ("map_pr", "map_Pr"),
    ("map_pm", "map_Pm"),
    ("map_bump", "bump"),
    ("bump", "bump"),
    ("norm", "norm"),
    ("map_kn", "norm"),
    ("map_norm", "norm"),
];

/// The materials of an MTL file. Lines that say nothing known are passed over, as every reader of MTL does.
pub(in crate::import) fn parse(bytes: &[u8]) -> Vec<Phong> {
    let mut materials: Vec<Phong> = Vec::new();
    for (_, line) in Lines::new(bytes) {
        let (word, rest) = keyword(&line);
        let word = String::from_utf8_lossy(word).to_ascii_lowercase();
        if word == "newmtl" {
            materials.push(Phong {
                name: name(rest),
                ..Phong::default()
            });
            continue;
        }
        let Some(material) = materials.last_mut() else {
            continue;
        };
        if let Some((_, kind)) = MAPS.iter().find(|(known, _)| *known == word) {
            if let Some(map) = map(rest) {
                material.maps.insert(kind, map);
            }
            continue;
        }
        let mut numbers = words(rest).map(|word| number(word).filter(|value| value.is_finite()));
        let Some(first) = numbers.next().flatten() else {
            continue;
        };
        // A grey may be one number.
        let mut color = || {
            let second = numbers.next().flatten().unwrap_or(first);
            [first, second, numbers.next().flatten().unwrap_or(first)]
        };
        match word.as_str() {
            "kd" => material.kd = Some(color()),
            "ke" => material.ke = Some(color()),
            "ns" => material.ns = Some(first),
            "d" => material.d = Some(first),
            // Some programs write both; `d` is the one that the format names.
            "tr" if material.d.is_none() => material.d = Some(1.0 - first),
            "illum" => material.illum = Some(first),
            "pr" => material.pr = Some(first),
            "pm" => material.pm = Some(first),
            "pc" => material.pc = Some(first),
            "pcr" => material.pcr = Some(first),
            _ => {}
        }
    }
    materials
}

/// A map's options and its file, whose name may hold blanks.
fn map(text: &[u8]) -> Option<Map> {
    let mut map = Map {
        file: String::new(),
        scale: [1.0; 2],
        offset: [0.0; 2],
        clamped: false,
        strength: 1.0,
    };
    let mut rest = text;
    while rest.first() == Some(&b'-') {
        let (option, after) = keyword(rest);
        rest = after;
        let mut numbers = |most: usize| {
            let mut found = Vec::new();
            while found.len() < most {
                let (word, after) = keyword(rest);
                let Some(value) = number(word).filter(|value| value.is_finite()) else {
                    break;
                };
                found.push(value);
                rest = after;
            }
            found
        };
        let pair = |found: &[f64], other: f64| {
            let first = found.first().copied().unwrap_or(other);
            [first, found.get(1).copied().unwrap_or(other)]
        };
        match option {
            b"-s" => map.scale = pair(&numbers(3), 1.0),
            b"-o" => map.offset = pair(&numbers(3), 0.0),
            b"-bm" => map.strength = numbers(1).first().copied().unwrap_or(1.0),
            b"-t" => drop(numbers(3)),
            b"-mm" => drop(numbers(2)),
            b"-boost" | b"-texres" => drop(numbers(1)),
            _ => {
                let (value, after) = keyword(rest);
                map.clamped |= option == b"-clamp" && value == b"on";
                rest = after;
            }
        }
    }
    map.file = name(rest);
    (!rest.is_empty()).then_some(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_and_names_with_blanks_are_told_apart() {
        let text = b"newmtl g\xE1\xBB\x97 \nmap_Kd -s 2 3 1 -clamp on -o 0.5 -bm 0.2 v\xC3\xA2n g\xE1\xBB\x97 1.png\n";
        let material = parse(text).remove(0);
        assert_eq!(material.name, "gỗ");
        let map = &material.maps["map_Kd"];
        assert_eq!(map.file, "vân gỗ 1.png");
        let bits = |pair: [f64; 2]| pair.map(f64::to_bits);
        assert_eq!(bits(map.scale), bits([2.0, 3.0]));
        assert_eq!(bits(map.offset), bits([0.5, 0.0]));
        assert!(map.clamped);
    }

    #[test]
    fn what_says_nothing_is_passed_over() {
        let text =
            b"Kd 1 1 1\nnewmtl\nKd x\nmap_Kd\nmap_Kd -s\nNs nan\nTr 0.25\nwhatever 3\n\xff\xfe";
        let materials = parse(text);
        assert_eq!(materials.len(), 1);
        let expected = Phong {
            d: Some(0.75),
            ..Phong::default()
        };
        assert_eq!(materials[0], expected);
    }
}
