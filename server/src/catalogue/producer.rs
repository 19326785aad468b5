use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use xoay_format::{Language, Text};

use super::product::{check_commune_code, text};
use super::{OrganisationId, ProducerId, Province, Reach, RegistrationCode, fold};
use crate::Error;

/// What somebody says about a producer before it exists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewProducer {
    /// Its name; at least one language.
    pub name: Text,
    /// Whose entry it is; the organisation of who adds it where it is absent.
    #[serde(default)]
    pub organisation: Option<OrganisationId>,
    /// Where: the commune or ward.
    #[serde(default)]
    pub commune: Text,
    /// The commune's code, five digits.
    #[serde(default)]
    pub commune_code: Option<String>,
    /// The province.
    #[serde(default)]
    pub province: Option<Province>,
    /// House, street, village.
    #[serde(default)]
    pub address: String,
    /// Whom to ask for.
    #[serde(default)]
    pub contact: String,
    /// Under which number.
    #[serde(default)]
    pub phone: String,
    /// Under which address.
    #[serde(default)]
    pub email: String,
    /// The number under which it is registered.
    #[serde(default)]
    pub registration_code: Option<RegistrationCode>,
}

impl NewProducer {
    /// The same with spaces trimmed and every rule checked.
    ///
    /// # Errors
    /// [`Error::Field`] for the first text that breaks its rule.
    pub fn checked(&self) -> Result<Self, Error> {
        let checked = Self {
            name: text(["name.vi", "name.en"], &self.name)?,
            commune: text(["commune.vi", "commune.en"], &self.commune)?,
            address: single("address", &self.address)?,
            contact: single("contact", &self.contact)?,
            phone: single("phone", &self.phone)?,
            email: single("email", &self.email)?,
            ..self.clone()
        };
        check_commune_code(checked.commune_code.as_deref())?;
        if checked.name.is_empty() {
            return Err(Error::Field {
                field: "name",
                rule: Text::new(
                    "cần tên cơ sở sản xuất bằng ít nhất một ngôn ngữ",
                    "a name is needed in at least one language",
                ),
            });
        }
        let phone = checked.phone.chars();
        if !phone
            .clone()
            .all(|c| c.is_ascii_digit() || " +.-()".contains(c))
        {
            return Err(Error::Field {
                field: "phone",
                rule: Text::new(
                    "chỉ gồm chữ số, dấu cách và + . - ( )",
                    "digits, blanks and + . - ( ) only",
                ),
            });
        }
        let has_host = |email: &str| {
            email.split_once('@').is_some_and(|(name, host)| {
                !name.is_empty() && host.contains('.') && !email.contains(' ')
            })
        };
        if !checked.email.is_empty() && !has_host(&checked.email) {
            return Err(Error::Field {
                field: "email",
                rule: Text::new("cần dạng tên@tên.miền", "must look like name@host.name"),
            });
        }
        Ok(checked)
    }

    /// The folded words that it is found by, with a blank before each.
    pub(super) fn words(&self) -> String {
        let code = self.registration_code.as_ref().map(ToString::to_string);
        let texts = [
            &self.name.vi,
            &self.name.en,
            &self.commune.vi,
            &self.commune.en,
            self.province.map(Province::name).unwrap_or_default(),
            code.as_deref().unwrap_or_default(),
        ];
        format!(" {}", fold(&texts.join(" ")))
    }
}

/// One line of text, in no language.
fn single(field: &'static str, line: &str) -> Result<String, Error> {
    Ok(text([field; 2], &Text::new(line, ""))?.vi)
}

/// A producer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Producer {
    /// Its id.
    pub id: ProducerId,
    /// Its name.
    pub name: Text,
    /// Whose entry it is.
    pub organisation: OrganisationId,
    /// Where: the commune or ward.
    pub commune: Text,
    /// The commune's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commune_code: Option<String>,
    /// The province.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub province: Option<Province>,
    /// House, street, village.
    pub address: String,
    /// Whom to ask for.
    pub contact: String,
    /// Under which number.
    pub phone: String,
    /// Under which address.
    pub email: String,
    /// The number under which it is registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_code: Option<RegistrationCode>,
    /// How many products are its.
    pub product_count: u32,
    /// When it was added.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

impl Producer {
    /// What was said of it.
    pub(super) fn said(&self) -> NewProducer {
        NewProducer {
            name: self.name.clone(),
            organisation: Some(self.organisation),
            commune: self.commune.clone(),
            commune_code: self.commune_code.clone(),
            province: self.province,
            address: self.address.clone(),
            contact: self.contact.clone(),
            phone: self.phone.clone(),
            email: self.email.clone(),
            registration_code: self.registration_code.clone(),
        }
    }

    /// What people call it in the log.
    pub(super) fn label(&self) -> &str {
        self.name.get(Language::Vi)
    }
}

/// Which producers are asked for. What is absent does not narrow.
#[derive(Clone, Debug)]
pub struct WantedProducers {
    /// Whose may be seen at all.
    pub reach: Reach,
    /// Words that names, places and codes begin with, whatever their case and marks.
    pub words: String,
    /// Whose entries they are.
    pub organisation: Option<OrganisationId>,
    /// Only what was added before this one: the last of the page before.
    pub before: Option<ProducerId>,
    /// At most so many.
    pub limit: u32,
}

/// Producers found, newest first.
#[derive(Clone, Debug)]
pub struct ProducerPage {
    /// The producers.
    pub producers: Vec<Producer>,
    /// What to give as `before` for the next page, where there is one.
    pub next: Option<ProducerId>,
}

/// Who makes products. A product names one, and bears its name.
#[async_trait]
pub trait Producers: Send + Sync {
    /// Adds a producer; its organisation is the house's where none is named.
    async fn create_producer(&self, new: &NewProducer) -> Result<Producer, Error>;

    /// The producer with this id.
    async fn producer(&self, id: ProducerId) -> Result<Option<Producer>, Error>;

    /// The producers that are asked for, newest first.
    async fn producers(&self, wanted: &WantedProducers) -> Result<ProducerPage, Error>;

    /// Puts what `new` says in place of what was said of the producer; its organisation stays. Its products bear the new
    /// name and are found by it.
    async fn update_producer(&self, id: ProducerId, new: &NewProducer) -> Result<Producer, Error>;

    /// Forgets a producer that has no products; false where there is none such.
    async fn delete_producer(&self, id: ProducerId) -> Result<bool, Error>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> NewProducer {
        NewProducer {
            name: Text::new(name, ""),
            ..NewProducer::default()
        }
    }

    #[test]
    fn what_is_said_is_checked() {
        let right = NewProducer {
            phone: " +84 (24) 3.826-1234 ".into(),
            email: "lan@htx.example".into(),
            ..named(" Hợp tác xã Hồng Nam ")
        };
        let checked = right.checked().unwrap();
        assert_eq!(checked.name.vi, "Hợp tác xã Hồng Nam");
        assert_eq!(checked.phone, "+84 (24) 3.826-1234");
        assert!(checked.words().contains(" hop tac xa hong nam"));
        for (wrong, field) in [
            (named(" "), "name"),
            (
                NewProducer {
                    phone: "call me".into(),
                    ..named("a")
                },
                "phone",
            ),
            (
                NewProducer {
                    email: "lan@".into(),
                    ..named("a")
                },
                "email",
            ),
            (
                NewProducer {
                    email: "a b@c.d".into(),
                    ..named("a")
                },
                "email",
            ),
            (
                NewProducer {
                    address: "a\nb".into(),
                    ..named("a")
                },
                "address",
            ),
            (
                NewProducer {
                    commune_code: Some("1".into()),
                    ..named("a")
                },
                "communeCode",
            ),
        ] {
            match wrong.checked().unwrap_err() {
                Error::Field { field: found, .. } => assert_eq!(found, field),
                other => panic!("{other}"),
            }
        }
        for wrong in [
            r#"{"name": {"vi": "HTX"}, "registrationCode": "0100233489"}"#,
            r#"{"name": {"vi": "HTX"}, "province": "99"}"#,
            r#"{"name": {"vi": "HTX"}, "id": "x"}"#,
        ] {
            assert!(
                serde_json::from_str::<NewProducer>(wrong).is_err(),
                "{wrong}"
            );
        }
    }
}
