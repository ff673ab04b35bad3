#![no_main]

use std::panic::{set_hook, take_hook};

// The generator's panics are caught and become errors, which the check refuses; the hook of libFuzzer would end the
// process before.
libfuzzer_sys::fuzz_target!(
    init: {
        let _ = take_hook();
        set_hook(Box::new(|panic| eprintln!("{panic}")));
    },
    |input: &[u8]| hoopai_fuzz_checks::codegen(input)
);
