use serde::{Deserialize, Serialize};

/// A province or centrally run city, by the code that Vietnam's statistics office gives it.
///
/// The 34 of Decision 19/2025/QĐ-TTg, in force since 1 July 2025; there is no district level any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub struct Province(&'static (&'static str, &'static str));

const PROVINCES: [(&str, &str); 34] = [
    ("01", "Hà Nội"),
    ("04", "Cao Bằng"),
    ("08", "Tuyên Quang"),
    ("11", "Điện Biên"),
    ("12", "Lai Châu"),
    ("14", "Sơn La"),
    ("15", "Lào Cai"),
    ("19", "Thái Nguyên"),
    ("20", "Lạng Sơn"),
    ("22", "Quảng Ninh"),
    ("24", "Bắc Ninh"),
    ("25", "Phú Thọ"),
    ("31", "Hải Phòng"),
    ("33", "Hưng Yên"),
    ("37", "Ninh Bình"),
    ("38", "Thanh Hóa"),
    ("40", "Nghệ An"),
    ("42", "Hà Tĩnh"),
    ("44", "Quảng Trị"),
    ("46", "Huế"),
    ("48", "Đà Nẵng"),
    ("51", "Quảng Ngãi"),
    ("52", "Gia Lai"),
    ("56", "Khánh Hòa"),
    ("66", "Đắk Lắk"),
    ("68", "Lâm Đồng"),
    ("75", "Đồng Nai"),
    ("79", "Thành phố Hồ Chí Minh"),
    ("80", "Tây Ninh"),
    ("82", "Đồng Tháp"),
    ("86", "Vĩnh Long"),
    ("91", "An Giang"),
    ("92", "Cần Thơ"),
    ("96", "Cà Mau"),
];

impl Province {
    /// The one with this code.
    #[must_use]
    pub fn with_code(code: &str) -> Option<Self> {
        PROVINCES.iter().find(|(known, _)| *known == code).map(Self)
    }

    /// All, in the order of their codes.
    pub fn all() -> impl Iterator<Item = Self> {
        PROVINCES.iter().map(Self)
    }

    /// Its two digits.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.0.0
    }

    /// Its name, which is the same in both languages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.1
    }
}

impl TryFrom<String> for Province {
    type Error = String;

    fn try_from(code: String) -> Result<Self, String> {
        Self::with_code(&code).ok_or_else(|| format!("no province has the code {code:?}"))
    }
}

impl From<Province> for &'static str {
    fn from(province: Province) -> Self {
        province.code()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_ordered_and_found() {
        let codes: Vec<_> = Province::all().map(Province::code).collect();
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(Province::with_code("66").unwrap().name(), "Đắk Lắk");
        assert!(Province::with_code("6").is_none());
        assert!(Province::with_code("67").is_none());
    }
}
