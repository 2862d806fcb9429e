//! Compiles the proto files with a compiler written in Rust, so that building does not need `protoc`.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let files = ["moderation", "review", "admin"].map(|name| format!("gatepost/v1/{name}.proto"));
    // Source info is kept, so that reflection shows the documentation of every field.
    let descriptors = protox::compile(files, ["proto"])?;

    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut bytes = Vec::new();
    prost::Message::encode(&descriptors, &mut bytes)?;
    fs::write(out.join("descriptors.bin"), bytes)?;

    tonic_prost_build::configure()
        .emit_rerun_if_changed(false)
        // Ordered maps make the encoding of a verdict deterministic.
        .btree_map(".")
        .compile_fds(descriptors)?;
    Ok(())
}
