//! The `xoay` command.
fn main() {}
