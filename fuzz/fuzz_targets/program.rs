#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| iamspec_fuzz::drive("program", data));
