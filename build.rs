//! Embeds the data that the crate ships with, so that an installed binary needs no checkout: case files, snapshots, target profiles and
//! the requirement ids, of which it makes constants. A case that names an unknown requirement fails the build here.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Files below `dir` with that extension, sorted.
fn files(dir: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    println!("cargo::rerun-if-changed={}", dir.display());
    if !dir.is_dir() {
        return Ok(found);
    }
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path, extension)?);
        } else if path.extension().is_some_and(|e| e == extension) {
            println!("cargo::rerun-if-changed={}", path.display());
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The value of a line `key = "value"`.
fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.trim().strip_prefix(key)?.trim_start().strip_prefix('=')?.trim().strip_prefix('"')?.split('"').next()
}

fn table(root: &Path, dir: &str, name: &str, extension: &str) -> io::Result<String> {
    let mut out = format!("/// Path below `{dir}/` and text of every embedded file.\npub static {name}: &[(&str, &str)] = &[\n");
    for path in files(&root.join(dir), extension)? {
        let relative = path.strip_prefix(root.join(dir)).map_err(io::Error::other)?;
        let _ = writeln!(out, "    ({:?}, include_str!({:?})),", relative.to_string_lossy().replace('\\', "/"), path);
    }
    out.push_str("];\n");
    Ok(out)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let mut ids = Vec::new();
    for path in files(&root.join("src/api/requirements"), "toml")? {
        for line in fs::read_to_string(&path)?.lines() {
            if let Some(id) = value(line, "id") {
                ids.push(id.to_owned());
            }
        }
    }
    let mut code = String::from("/// Every id, in catalogue order.\npub static IDS: &[&str] = &[\n");
    for id in &ids {
        let _ = writeln!(code, "    {id:?},");
    }
    code.push_str("];\n");
    for (i, id) in ids.iter().enumerate() {
        let name = id.replace('.', "__").replace('-', "_").to_uppercase();
        let _ = writeln!(code, "/// `{id}`\npub const {name}: Req = Req({i});");
    }
    code.push_str(&table(&root, "src/api/requirements", "FILES", "toml")?);
    fs::write(out.join("requirements.rs"), code)?;

    let known: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    for path in files(&root.join("cases"), "toml")? {
        for (number, line) in fs::read_to_string(&path)?.lines().enumerate() {
            let Some(rest) = line.trim().strip_prefix("requirement").and_then(|r| r.trim_start().strip_prefix('=')) else { continue };
            for id in rest.split('"').skip(1).step_by(2) {
                if !known.contains(id) {
                    return Err(format!("{}:{}: unknown requirement {id:?}", path.display(), number + 1).into());
                }
            }
        }
    }
    fs::write(out.join("cases.rs"), table(&root, "cases", "FILES", "toml")?)?;
    fs::write(out.join("snapshots.rs"), table(&root, "snapshots", "FILES", "snap")?)?;
    fs::write(out.join("targets.rs"), table(&root, "targets", "PROFILES", "toml")?)?;
    Ok(())
}
