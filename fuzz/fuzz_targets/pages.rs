#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| hoopai_fuzz_checks::pages(input));
