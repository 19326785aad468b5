use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use xoay_format::Text;

use super::{Category, Gtin, OrganisationId, ProducerId, ProductId, Province, fold};
use crate::Error;
use crate::store::ObjectKey;

/// Longest text of a product in characters.
const TEXT_LIMIT: usize = 200;
/// Longest story in characters.
const STORY_LIMIT: usize = 8000;
/// The year of the programme's first ratings.
const FIRST_RATED_YEAR: u16 = 2018;
/// A year that no rating made today can have.
const LAST_RATED_YEAR: u16 = 2100;

/// How many stars a council gave a product, and when: a certificate holds for 36 months.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rating {
    /// 3, 4 or 5: below 3 there is no certificate.
    pub stars: u8,
    /// The year of the decision.
    pub year: u16,
}

/// What somebody says about a product before it exists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewProduct {
    /// How addresses call it; made from the name where it is absent.
    #[serde(default)]
    pub slug: Option<String>,
    /// Its name; at least one language.
    pub name: Text,
    /// Who makes it: the producer with this id, whose name the product then bears.
    #[serde(default)]
    pub producer_id: Option<ProducerId>,
    /// Who makes it, by name, where no id says so: the organisation's producer of that name, which is added where there is
    /// none.
    #[serde(default)]
    pub producer: Text,
    /// Where: the commune or ward.
    #[serde(default)]
    pub commune: Text,
    /// Whose it is; the organisation of who adds it where it is absent.
    #[serde(default)]
    pub organisation: Option<OrganisationId>,
    /// What there is to tell of it; may have several paragraphs.
    #[serde(default)]
    pub story: Text,
    /// Its number on the package.
    #[serde(default)]
    pub gtin: Option<Gtin>,
    /// The province that it comes from.
    #[serde(default)]
    pub province: Option<Province>,
    /// The commune's code, five digits.
    #[serde(default)]
    pub commune_code: Option<String>,
    /// What it is.
    #[serde(default)]
    pub category: Option<Category>,
    /// Its stars.
    #[serde(default)]
    pub rating: Option<Rating>,
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
            story: Text::new(
                story("story.vi", &self.story.vi)?,
                story("story.en", &self.story.en)?,
            ),
            ..self.clone()
        };
        check_commune_code(checked.commune_code.as_deref())?;
        check_rating(checked.rating)?;
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

pub(super) fn check_commune_code(code: Option<&str>) -> Result<(), Error> {
    if code.is_none_or(|code| code.len() == 5 && code.bytes().all(|b| b.is_ascii_digit())) {
        return Ok(());
    }
    Err(Error::Field {
        field: "communeCode",
        rule: Text::new("mã xã, phường có 5 chữ số", "a commune's code has 5 digits"),
    })
}

fn check_rating(rating: Option<Rating>) -> Result<(), Error> {
    let Some(Rating { stars, year }) = rating else {
        return Ok(());
    };
    if !(3..=5).contains(&stars) {
        return Err(Error::Field {
            field: "rating.stars",
            rule: Text::new(
                "hạng OCOP là 3, 4 hoặc 5 sao; dưới 3 sao không có giấy chứng nhận",
                "a rating has 3, 4 or 5 stars; below 3 there is no certificate",
            ),
        });
    }
    if !(FIRST_RATED_YEAR..=LAST_RATED_YEAR).contains(&year) {
        return Err(Error::Field {
            field: "rating.year",
            rule: Text::new(
                format!("cần năm công nhận, từ {FIRST_RATED_YEAR}"),
                format!("the year of the decision is needed, {FIRST_RATED_YEAR} or later"),
            ),
        });
    }
    Ok(())
}

/// A story: several lines, and no other control characters.
pub(super) fn story(field: &'static str, text: &str) -> Result<String, Error> {
    let text = text.trim().replace("\r\n", "\n");
    if text.chars().count() > STORY_LIMIT {
        return Err(Error::Field {
            field,
            rule: Text::new(
                format!("dài nhất {STORY_LIMIT} ký tự"),
                format!("at most {STORY_LIMIT} characters"),
            ),
        });
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Error::Field {
            field,
            rule: Text::new("không có ký tự điều khiển", "no control characters"),
        });
    }
    Ok(text)
}

/// Texts of one line in both languages.
pub(super) fn text(fields: [&'static str; 2], text: &Text) -> Result<Text, Error> {
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub producer_id: Option<ProducerId>,
    /// Their name.
    pub producer: Text,
    /// Where: the commune or ward.
    pub commune: Text,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// What there is to tell of it.
    pub story: Text,
    /// Its number on the package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gtin: Option<Gtin>,
    /// The province that it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub province: Option<Province>,
    /// The commune's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commune_code: Option<String>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// Its stars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
    /// When it was added.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When its texts or uploads last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

impl Product {
    /// The folded words that it is found by, each once.
    pub(super) fn words(&self) -> String {
        let gtin = self.gtin.as_ref().map(ToString::to_string);
        let category = self.category.map(Category::title).unwrap_or_default();
        let texts = [
            &self.name.vi,
            &self.name.en,
            &self.producer.vi,
            &self.producer.en,
            &self.commune.vi,
            &self.commune.en,
            self.province.map(Province::name).unwrap_or_default(),
            &category.vi,
            &category.en,
            &self.slug,
            gtin.as_deref().unwrap_or_default(),
        ];
        let folded = fold(&texts.join(" "));
        let mut words: Vec<&str> = folded.split(' ').collect();
        words.sort_unstable();
        words.dedup();
        words.join(" ")
    }
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

    #[test]
    fn what_a_council_and_a_package_say_is_checked() {
        let full: NewProduct = serde_json::from_str(
            r#"{"name": {"vi": "Trà"}, "gtin": "8935049501503", "province": "19", "communeCode": "05707",
                "category": "drinks", "rating": {"stars": 4, "year": 2025}, "story": {"vi": "Một\r\nhai"}}"#,
        )
        .unwrap();
        assert_eq!(full.checked().unwrap().story.vi, "Một\nhai");
        for wrong in [
            r#"{"name": {"vi": "Trà"}, "gtin": "8935049501504"}"#,
            r#"{"name": {"vi": "Trà"}, "province": "99"}"#,
            r#"{"name": {"vi": "Trà"}, "category": "cars"}"#,
        ] {
            assert!(
                serde_json::from_str::<NewProduct>(wrong).is_err(),
                "{wrong}"
            );
        }
        let rated = |stars, year| NewProduct {
            rating: Some(Rating { stars, year }),
            ..named("Trà", "")
        };
        for wrong in [rated(2, 2025), rated(6, 2025), rated(4, 1999)] {
            assert!(matches!(wrong.checked(), Err(Error::Field { .. })));
        }
        for code in ["", "1234", "1234x", "123456"] {
            let wrong = NewProduct {
                commune_code: Some(code.into()),
                ..named("Trà", "")
            };
            assert!(
                matches!(wrong.checked(), Err(Error::Field { .. })),
                "{code}"
            );
        }
    }
}
