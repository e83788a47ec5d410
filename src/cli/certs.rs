//! `iamspec certs`: the test certificates as files.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::fail::Failure;
use crate::certs;
use crate::report::tally::exit;

/// Arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  iamspec certs --out certs && openssl x509 -in certs/leaf.pem -noout -text")]
pub struct Args {
    /// Folder to write to; it is made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Writes each item of the set to a file of its own. Keys are new with every call.
pub fn run(args: &Args) -> Result<i32, Failure> {
    let failed = |what: &Path, why: &dyn std::fmt::Display| Failure::broken(format!("cannot write {}: {why}", what.display()));
    fs::create_dir_all(&args.out).map_err(|why| failed(&args.out, &why))?;
    let mut out = std::io::stdout().lock();
    for (name, about) in certs::names() {
        let path = args.out.join(format!("{name}.pem"));
        let text = certs::material(name).ok_or_else(|| failed(&path, &"no key could be made"))?;
        fs::write(&path, text).map_err(|why| failed(&path, &why))?;
        writeln!(out, "{}  {about}", path.display())?;
    }
    Ok(exit::OK)
}
