use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use xoay_format::Text;

use super::ProductId;
use crate::Error;
use crate::store::ObjectKey;

/// Longest text of a product in characters.
const TEXT_LIMIT: usize = 200;

/// What somebody says about a product before it exists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewProduct {
    /// How addresses call it; made from the name where it is absent.
    #[serde(default)]
    pub slug: Option<String>,
    /// Its name; at least one language.
    pub name: Text,
    /// Who makes it.
    #[serde(default)]
    pub producer: Text,
    /// Where: the commune or ward.
    #[serde(default)]
    pub commune: Text,
}

impl NewProduct {
    /// The same with spaces trimmed and every rule checked.
    ///
    /// # Errors
    /// [`Error::Field`] for the first text that breaks its rule.
    pub fn checked(&self) -> Result<Self, Error> {
        let checked = Self {
            slug: self.slug.as_deref().map(super::slug),
            name: text(["name.vi", "name.en"], &self.name)?,
            producer: text(["producer.vi", "producer.en"], &self.producer)?,
            commune: text(["commune.vi", "commune.en"], &self.commune)?,
        };
        if checked.name.is_empty() {
            return Err(Error::Field {
                field: "name",
                rule: Text::new(
                    "cần tên sản phẩm bằng ít nhất một ngôn ngữ",
                    "a name is needed in at least one language",
                ),
            });
        }
        Ok(checked)
    }

    /// The slug that was given, else one made from the name.
    #[must_use]
    pub fn wanted_slug(&self) -> String {
        use xoay_format::Language;
        self.slug
            .clone()
            .unwrap_or_else(|| super::slug(self.name.get(Language::Vi)))
    }
}

fn text(fields: [&'static str; 2], text: &Text) -> Result<Text, Error> {
    let check = |field, text: &str| {
        let text = text.trim();
        if text.chars().count() > TEXT_LIMIT {
            return Err(Error::Field {
                field,
                rule: Text::new(
                    format!("dài nhất {TEXT_LIMIT} ký tự"),
                    format!("at most {TEXT_LIMIT} characters"),
                ),
            });
        }
        if text.chars().any(char::is_control) {
            return Err(Error::Field {
                field,
                rule: Text::new(
                    "chỉ một dòng, không có ký tự điều khiển",
                    "one line without control characters",
                ),
            });
        }
        Ok(text.to_owned())
    };
    Ok(Text::new(
        check(fields[0], &text.vi)?,
        check(fields[1], &text.en)?,
    ))
}

/// A product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// How addresses call it; unique.
    pub slug: String,
    /// Its name.
    pub name: Text,
    /// Who makes it.
    pub producer: Text,
    /// Where: the commune or ward.
    pub commune: Text,
    /// When it was added.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When its texts or uploads last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// A product in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductSummary {
    /// The product.
    #[serde(flatten)]
    pub product: Product,
    /// How many photos it has.
    pub photo_count: u32,
    /// Whether a model was uploaded.
    pub has_model: bool,
    /// The public version, where there is one.
    pub version: Option<u32>,
}

/// Uploaded bytes in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Where they are.
    pub key: ObjectKey,
    /// How many.
    pub size_bytes: u64,
}

/// A photo as it was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photo {
    /// Its file name.
    pub name: String,
    /// Its bytes.
    pub upload: Upload,
}

/// How much one product may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadLimits {
    /// Photos a product.
    pub photos: u32,
    /// Bytes of one photo.
    pub photo_bytes: u64,
    /// Bytes of all photos of a product.
    pub capture_bytes: u64,
    /// Bytes of a model.
    pub model_bytes: u64,
}

impl Default for UploadLimits {
    fn default() -> Self {
        Self {
            photos: 2000,
            photo_bytes: 200 * 1024 * 1024,
            capture_bytes: 40 * 1024 * 1024 * 1024,
            model_bytes: 1024 * 1024 * 1024,
        }
    }
}

/// What of a product is public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Rises by one with each publication of the product.
    pub version: u32,
    /// The product manifest, as it is served.
    pub manifest: String,
    /// When it became public.
    pub created_at: OffsetDateTime,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(vi: &str, en: &str) -> NewProduct {
        NewProduct {
            name: Text::new(vi, en),
            ..NewProduct::default()
        }
    }

    #[test]
    fn texts_are_trimmed_and_checked() {
        let new = named("  Mật ong ", "").checked().unwrap();
        assert_eq!(new.name.vi, "Mật ong");
        assert_eq!(new.wanted_slug(), "mat-ong");
        for (bad, field) in [
            (named(" ", ""), "name"),
            (named("a\nb", ""), "name.vi"),
            (named("a", &"ơ".repeat(201)), "name.en"),
        ] {
            match bad.checked().unwrap_err() {
                Error::Field { field: found, .. } => assert_eq!(found, field),
                other => panic!("{other}"),
            }
        }
        named(&"ơ".repeat(200), "").checked().unwrap();
    }
}
