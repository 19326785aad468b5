use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The weights of a tax code's first nine digits (General Department of Taxation of Vietnam).
const WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];

/// The number under which a producer is registered: an enterprise's or cooperative's code, ten digits of which the last
/// checks the others; that of a branch, with three more after a hyphen; or the twelve digits of a person's identity
/// number, which household businesses use.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegistrationCode(String);

/// A text that is no registration code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotARegistrationCode {
    /// Another number of digits, or something else than digits.
    #[error(
        "a registration code has 10 digits, 10 and a branch's 3 after a hyphen, or 12 of an identity number"
    )]
    Shape,
    /// A digit was mistyped.
    #[error("the tenth digit does not fit the others; compare the code with the certificate")]
    CheckDigit,
}

impl FromStr for RegistrationCode {
    type Err = NotARegistrationCode;

    fn from_str(text: &str) -> Result<Self, NotARegistrationCode> {
        let text = text.trim();
        let (code, branch) = match text.split_once('-') {
            Some((code, branch)) => (code, Some(branch)),
            None => (text, None),
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let shaped = digits(code)
            && match branch {
                Some(branch) => code.len() == 10 && branch.len() == 3 && digits(branch),
                None => matches!(code.len(), 10 | 12),
            };
        if !shaped {
            return Err(NotARegistrationCode::Shape);
        }
        if code.len() == 10 {
            let sum: u32 = code
                .bytes()
                .zip(WEIGHTS)
                .map(|(digit, weight)| u32::from(digit - b'0') * weight)
                .sum();
            // A remainder of 0 would ask for a tenth digit of 10: such codes are not given out.
            if 10 - sum % 11 != u32::from(code.as_bytes()[9] - b'0') {
                return Err(NotARegistrationCode::CheckDigit);
            }
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for RegistrationCode {
    type Error = NotARegistrationCode;

    fn try_from(text: String) -> Result<Self, NotARegistrationCode> {
        text.parse()
    }
}

impl From<RegistrationCode> for String {
    fn from(code: RegistrationCode) -> Self {
        code.0
    }
}

impl fmt::Display for RegistrationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_is_verified() {
        for right in ["0100233488", " 0314409058-002 ", "001234567890"] {
            let code: RegistrationCode = right.parse().unwrap();
            assert_eq!(code.to_string(), right.trim());
        }
        for mistyped in ["0100233489", "1100233488", "0314409059-002"] {
            assert_eq!(
                mistyped.parse::<RegistrationCode>(),
                Err(NotARegistrationCode::CheckDigit),
                "{mistyped}"
            );
        }
        for shapeless in [
            "",
            "12345",
            "01002334 88",
            "0314409058-02",
            "01002334888",
            "001234567890-001",
            "0100233488-",
        ] {
            assert_eq!(
                shapeless.parse::<RegistrationCode>(),
                Err(NotARegistrationCode::Shape),
                "{shapeless}"
            );
        }
    }
}
