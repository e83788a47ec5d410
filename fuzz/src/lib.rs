//! What the fuzz targets share: they are the functions of `iamspec::fuzz::targets`, and a property that does not hold is a crash.

use std::sync::OnceLock;

use iamspec::fuzz::targets::{FuzzTarget, find};

/// Runs a target over an input.
///
/// # Panics
/// When a property does not hold: that is what libFuzzer looks for.
pub fn drive(name: &str, data: &[u8]) {
    static TARGET: OnceLock<FuzzTarget> = OnceLock::new();
    let target = TARGET.get_or_init(|| *find(name).unwrap_or_else(|| panic!("there is no fuzz target {name}")));
    if let Err(found) = (target.check)(data) {
        panic!("{name}: {found}");
    }
}
