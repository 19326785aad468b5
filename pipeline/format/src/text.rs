use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A language that Xoay speaks to people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Vietnamese.
    Vi,
    /// English, also where a person's language is neither.
    #[default]
    En,
}

impl Language {
    /// The language of a POSIX locale name or a BCP 47 tag: `vi_VN.UTF-8`, `vi-VN` and `vi` are Vietnamese.
    #[must_use]
    pub fn from_tag(tag: &str) -> Self {
        let primary = tag.split(['_', '-', '.', '@']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("vi") {
            Self::Vi
        } else {
            Self::En
        }
    }

    /// The BCP 47 tag, `vi` or `en`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(tag: &str) -> Result<Self, Self::Err> {
        match tag {
            "vi" => Ok(Self::Vi),
            "en" => Ok(Self::En),
            other => Err(format!("unknown language {other:?}; expected vi or en")),
        }
    }
}

/// A text in both languages. Either may be empty; [`Text::get`] then falls back to the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Vietnamese.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub vi: String,
    /// English.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub en: String,
}

impl Text {
    /// A text from its Vietnamese and its English form.
    pub fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            vi: vi.into(),
            en: en.into(),
        }
    }

    /// The text in `language`, or in the other one where that is empty.
    #[must_use]
    pub fn get(&self, language: Language) -> &str {
        let (wanted, other) = match language {
            Language::Vi => (&self.vi, &self.en),
            Language::En => (&self.en, &self.vi),
        };
        if wanted.is_empty() { other } else { wanted }
    }

    /// Whether both languages are empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.vi.is_empty() && self.en.is_empty()
    }
}

/// A message for people: what was wrong, where, and what to do, in their language.
///
/// Error types implement it beside `Display`, whose text is the English one.
pub trait Localize {
    /// The message in both languages.
    fn text(&self) -> Text;

    /// The message in one language.
    fn localize(&self, language: Language) -> String {
        self.text().get(language).to_owned()
    }
}

impl Localize for Text {
    fn text(&self) -> Text {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locale_names_and_tags_name_their_language() {
        for tag in ["vi", "vi_VN", "vi_VN.UTF-8", "vi-VN", "VI"] {
            assert_eq!(Language::from_tag(tag), Language::Vi, "{tag}");
        }
        for tag in ["", "C", "POSIX", "en_GB.UTF-8", "fr", "vietnam", "view"] {
            assert_eq!(Language::from_tag(tag), Language::En, "{tag}");
        }
    }

    #[test]
    fn a_missing_translation_falls_back_to_the_other_language() {
        assert_eq!(Text::new("Mật ong", "").get(Language::En), "Mật ong");
        assert_eq!(Text::new("", "Honey").get(Language::Vi), "Honey");
        assert_eq!(Text::new("Mật ong", "Honey").get(Language::Vi), "Mật ong");
    }
}
