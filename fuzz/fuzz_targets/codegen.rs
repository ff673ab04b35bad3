#![no_main]

use std::panic::{set_hook, take_hook};

// The code generator converts panics to errors, which the check rejects. The panic hook of
// libFuzzer would abort the process first.
libfuzzer_sys::fuzz_target!(
    init: {
        let _ = take_hook();
        set_hook(Box::new(|panic| eprintln!("{panic}")));
    },
    |input: &[u8]| hoopai_fuzz_checks::codegen(input)
);
