use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, later than all earlier ones of this process (UUID version 7).
            #[must_use]
            pub fn fresh() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            /// Reads the usual form only: 36 characters, lower case, with hyphens.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let id = Self(Uuid::try_parse(text)?);
                if id.to_string() == text {
                    Ok(id)
                } else {
                    // Another spelling of the same id would be a second address of the same thing.
                    Uuid::try_parse("").map(Self)
                }
            }
        }
    };
}

id! {
    /// A product's id.
    ProductId
}
id! {
    /// An organisation's id.
    OrganisationId
}
id! {
    /// A person's id.
    UserId
}
id! {
    /// The id of a program's key.
    KeyId
}
id! {
    /// The id of an entry in the audit log.
    AuditId
}
id! {
    /// A producer's id.
    ProducerId
}
id! {
    /// A capture's id.
    CaptureId
}
id! {
    /// A job's id.
    JobId
}
id! {
    /// An upload's id, while it arrives in pieces.
    UploadId
}
id! {
    /// The proof that a worker holds a job: a fresh one for each attempt.
    LeaseToken
}

impl OrganisationId {
    /// The organisation that every service has: of what was there before any other.
    pub const HOUSE: Self = Self(Uuid::from_u128(0x7000_8000_0000_0000_0001));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_has_the_id_that_the_tables_give_it() {
        let id = OrganisationId::HOUSE.to_string();
        assert_eq!(id, "00000000-0000-7000-8000-000000000001");
    }

    #[test]
    fn an_id_has_one_spelling() {
        let id = ProductId::fresh();
        let text = id.to_string();
        assert_eq!(text.parse::<ProductId>().unwrap(), id);
        for other in [
            text.replace('-', ""),
            text.to_uppercase(),
            format!("{{{text}}}"),
            String::new(),
        ] {
            // An id of digits alone has no upper case of its own.
            if other != text {
                assert!(other.parse::<ProductId>().is_err(), "{other}");
            }
        }
    }
}
