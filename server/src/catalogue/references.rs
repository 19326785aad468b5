use std::path::Path;

use async_trait::async_trait;

use crate::Error;
use crate::store::ObjectKey;

/// A row's claim on an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// What it names.
    pub stored: Stored,
    /// The row, in words for people: `photo 1.jpg of the product mat-ong`.
    pub holder: String,
}

/// Something in the store, by its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stored {
    /// An original or a derived object.
    Object(ObjectKey),
    /// A piece of an upload.
    Part(String),
}

/// What of the store the database names, and a copy of the database itself.
#[async_trait]
pub trait References: Send + Sync {
    /// Tells every reference that there was at the moment of the call.
    async fn each_reference(&self, tell: &mut (dyn FnMut(Reference) + Send)) -> Result<(), Error>;

    /// Writes a copy of the whole database, of one moment, to a new file.
    async fn copy_to(&self, file: &Path) -> Result<(), Error>;
}
