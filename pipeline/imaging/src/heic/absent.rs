//! What stands in where the feature `heic` is off: nothing is told to be HEIC then.

use crate::{Decoded, Header, ImagingError, Limits};

const UNREAD: ImagingError = ImagingError::UnsupportedFormat { name: "HEIC" };

pub(crate) fn header(_bytes: &[u8], _limits: &Limits) -> Result<Header, ImagingError> {
    Err(UNREAD)
}

pub(crate) fn decode(_bytes: &[u8], _limits: &Limits) -> Result<Decoded, ImagingError> {
    Err(UNREAD)
}
