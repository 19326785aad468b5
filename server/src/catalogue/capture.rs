use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use time::macros::format_description;
use time::{Date, OffsetDateTime};
use xoay_format::Text;

use super::product::story;
use super::{CaptureId, ProductId};
use crate::Error;

/// What somebody says about a capture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewCapture {
    /// The day that the photos were taken, `YYYY-MM-DD`.
    #[serde(default)]
    pub taken_on: Option<String>,
    /// What there is to tell of it: the camera, the light, what to mind.
    #[serde(default)]
    pub note: String,
}

impl NewCapture {
    /// The same with spaces trimmed and every rule checked.
    ///
    /// # Errors
    /// [`Error::Field`] for the first text that breaks its rule.
    pub fn checked(&self) -> Result<Self, Error> {
        let days = format_description!("[year]-[month]-[day]");
        if let Some(day) = &self.taken_on
            && Date::parse(day, days).is_err()
        {
            return Err(Error::Field {
                field: "takenOn",
                rule: Text::new(
                    "cần một ngày có thật, dạng 2026-11-22",
                    "a day that there is, such as 2026-11-22",
                ),
            });
        }
        Ok(Self {
            taken_on: self.taken_on.clone(),
            note: story("note", &self.note)?,
        })
    }
}

/// One time that a product was photographed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Capture {
    /// Its id.
    pub id: CaptureId,
    /// 1, 2, 3, … of its product; the highest is the current one.
    pub number: u32,
    /// The day that the photos were taken, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_on: Option<String>,
    /// What there is to tell of it.
    pub note: String,
    /// How many photos it has.
    pub photo_count: u32,
    /// When it was added.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// The times that products were photographed. A product has one capture at least; its newest is the current one.
#[async_trait]
pub trait Captures: Send + Sync {
    /// The product's captures, newest first.
    async fn captures(&self, product: ProductId) -> Result<Vec<Capture>, Error>;

    /// The capture that counts where none is named.
    ///
    /// # Errors
    /// [`Error::NoSuchProduct`] too.
    async fn current_capture(&self, product: ProductId) -> Result<CaptureId, Error>;

    /// Adds a capture, which becomes the current one.
    ///
    /// # Errors
    /// [`Error::NoSuchProduct`], and [`Error::TooManyCaptures`] too.
    async fn create_capture(&self, product: ProductId, new: &NewCapture) -> Result<Capture, Error>;

    /// Puts what `new` says in place of what was said; nothing where the product has none such.
    async fn update_capture(
        &self,
        product: ProductId,
        capture: CaptureId,
        new: &NewCapture,
    ) -> Result<Option<Capture>, Error>;

    /// Forgets a capture; false where the product has none such.
    ///
    /// # Errors
    /// [`Error::CaptureInUse`] for one that holds photos, is worked on, or is the product's only one.
    async fn delete_capture(&self, product: ProductId, capture: CaptureId) -> Result<bool, Error>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_must_be_one_that_there_is() {
        let on = |day: &str| NewCapture {
            taken_on: Some(day.into()),
            note: " đèn mới\r\nchân máy thấp ".into(),
        };
        let checked = on("2024-02-29").checked().unwrap();
        assert_eq!(checked.note, "đèn mới\nchân máy thấp");
        for wrong in [
            "",
            "2025-02-29",
            "22/11/2026",
            "2026-11-22T00:00:00Z",
            "26-1-2",
        ] {
            let refused = on(wrong).checked();
            assert!(
                matches!(
                    refused,
                    Err(Error::Field {
                        field: "takenOn",
                        ..
                    })
                ),
                "{wrong}"
            );
        }
    }
}
