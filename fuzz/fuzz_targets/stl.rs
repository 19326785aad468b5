#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| xoay_fuzz::stl(bytes));
