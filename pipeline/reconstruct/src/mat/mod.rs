//! The printed mat: a ring of markers that tells scale, base, and where the camera stood in each photo by itself.

mod detect;
mod dictionary;
mod layout;
mod order;
mod print;

pub use self::detect::{SeenMarker, detect_markers};
pub use self::layout::{Mat, Paper, PlacedMarker};
pub use self::order::{Turn, turn_of};
pub use self::print::mat_pdf;
