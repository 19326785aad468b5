use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A trade item's number as GS1 gives it: 8, 12, 13 or 14 digits, the last of which checks the others.
///
/// Algorithm: GS1 General Specifications §7.9 (weights 3 and 1 from the right).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Gtin(String);

/// A text that is no trade item number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAGtin {
    /// Not 8, 12, 13 or 14 digits.
    #[error("a GTIN has 8, 12, 13 or 14 digits")]
    Shape,
    /// A digit was mistyped.
    #[error("the check digit should be {expected}; compare the number with the one on the package")]
    CheckDigit {
        /// The last digit that the others ask for.
        expected: u8,
    },
}

impl FromStr for Gtin {
    type Err = NotAGtin;

    fn from_str(text: &str) -> Result<Self, NotAGtin> {
        let shaped = matches!(text.len(), 8 | 12 | 13 | 14)
            && text.bytes().all(|digit| digit.is_ascii_digit());
        let Some((last, others)) = text.as_bytes().split_last().filter(|_| shaped) else {
            return Err(NotAGtin::Shape);
        };
        let sum: u32 = others
            .iter()
            .rev()
            .zip([3, 1].into_iter().cycle())
            .map(|(digit, weight)| u32::from(digit - b'0') * weight)
            .sum();
        let expected = ((10 - sum % 10) % 10) as u8;
        if last - b'0' == expected {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAGtin::CheckDigit { expected })
        }
    }
}

impl TryFrom<String> for Gtin {
    type Error = NotAGtin;

    fn try_from(text: String) -> Result<Self, NotAGtin> {
        text.parse()
    }
}

impl From<Gtin> for String {
    fn from(gtin: Gtin) -> Self {
        gtin.0
    }
}

impl fmt::Display for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_is_verified() {
        // The examples of GS1's own calculator, and one of each length.
        for right in [
            "96385074",
            "036000291452",
            "4006381333931",
            "00012345600012",
            "8935049501503",
        ] {
            right
                .parse::<Gtin>()
                .unwrap_or_else(|e| panic!("{right}: {e}"));
        }
        assert_eq!(
            "8935049501504".parse::<Gtin>(),
            Err(NotAGtin::CheckDigit { expected: 3 })
        );
        for wrong in [
            "",
            "123",
            "89350495015033333",
            "893504950150x",
            "８９３５０４９５０１５０３",
            "-935049501503",
        ] {
            assert_eq!(wrong.parse::<Gtin>(), Err(NotAGtin::Shape), "{wrong}");
        }
    }

    #[test]
    fn every_single_wrong_digit_is_found() {
        let right = "8935049501503";
        for place in 0..right.len() {
            for digit in b'0'..=b'9' {
                let mut bytes = right.as_bytes().to_vec();
                if bytes[place] == digit {
                    continue;
                }
                bytes[place] = digit;
                let wrong = String::from_utf8(bytes).unwrap();
                assert!(wrong.parse::<Gtin>().is_err(), "{wrong}");
            }
        }
    }
}
