//! The fuzz targets on a stable toolchain: over their seeds, and over everything that was ever found.
//!
//! `IAMSPEC_FUZZ_CORPUS=fuzz/corpus cargo test --test fuzz_targets` also writes the seeds, one folder a target, for `cargo fuzz run`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use iamspec::fuzz::seeds::seeds;
use iamspec::fuzz::targets::{TARGETS, find};
use sha2::{Digest, Sha256};

fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

#[test]
fn seeds_of_every_target_pass() {
    let seeds = seeds().unwrap();
    let names: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(seeds.keys().copied().collect::<BTreeSet<_>>(), names, "each target has seeds");
    let folder = std::env::var_os("IAMSPEC_FUZZ_CORPUS").map(PathBuf::from);
    for (name, seeds) in seeds {
        let target = find(name).unwrap();
        let found =
            seeds.iter().filter_map(|seed| (target.check)(seed).err().map(|why| format!("{why}\n{}", String::from_utf8_lossy(seed))));
        assert_eq!(found.collect::<Vec<_>>(), [""; 0], "{name}");
        if let Some(folder) = folder.as_ref().map(|folder| folder.join(name)) {
            fs::create_dir_all(&folder).unwrap();
            for seed in &seeds {
                let digest: String = Sha256::digest(seed).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
                fs::write(folder.join(digest), seed).unwrap();
            }
            println!("{} seeds in {}", seeds.len(), folder.display());
        }
    }
}

#[test]
fn what_was_found_once_is_found_no_more() {
    let folder = package().join("regressions");
    let mut replayed = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let target = find(&name).unwrap_or_else(|| panic!("{}: there is no fuzz target {name}", path.display()));
        for input in fs::read_dir(&path).unwrap() {
            let input = input.unwrap().path();
            let found = (target.check)(&fs::read(&input).unwrap());
            assert_eq!(found, Ok(()), "{}", input.display());
            replayed += 1;
        }
    }
    println!("{replayed} inputs replayed");
}

#[test]
fn each_target_has_its_binary_and_no_binary_is_without_a_target() {
    let manifest: toml::Table = fs::read_to_string(package().join("Cargo.toml")).unwrap().parse().unwrap();
    let binaries: BTreeSet<String> =
        manifest["bin"].as_array().unwrap().iter().map(|bin| bin["name"].as_str().unwrap().to_owned()).collect();
    let names: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(binaries, names);
    for name in names {
        let source = fs::read_to_string(package().join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(source.contains(&format!("\"{name}\"")), "{name}.rs drives another target");
    }
}
