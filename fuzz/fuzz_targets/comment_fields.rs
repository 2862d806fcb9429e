//! Fuzzes `invariants::comment_fields`, which panics if an invariant does not hold.
#![no_main]

#[path = "../invariants/mod.rs"]
#[allow(dead_code)]
mod invariants;

libfuzzer_sys::fuzz_target!(|data: &[u8]| invariants::comment_fields(data));
