//! Fuzzes `remark42`; what must hold is said in `invariants`.
#![no_main]

#[path = "../invariants/mod.rs"]
#[allow(dead_code)]
mod invariants;

libfuzzer_sys::fuzz_target!(|data: &[u8]| invariants::remark42(data));
