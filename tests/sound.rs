//! The unbroken reference passes the suite: in this process, in every configuration, without snapshots, up to the first departure.
//! `cargo mutants` judges by it alone (`.cargo/mutants.toml`); tests/conformance.rs does the same and more, over the network.

use std::sync::Arc;
use std::thread::available_parallelism;

use iamspec::case::corpus::Corpus;
use iamspec::runner::embedded::{CONFIGURATIONS, Certificates};
use iamspec::strength::{Options, sound};

#[test]
#[ignore = "tests/conformance.rs does it too; for cargo mutants"]
fn the_reference_passes() {
    let corpus = Corpus::embedded().unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let options = Options {
        configurations: CONFIGURATIONS.to_vec(),
        filter: Vec::new(),
        shard: (1, 1),
        jobs: available_parallelism().map_or(1, usize::from),
        certificates: Arc::new(Certificates),
    };
    if let Err(why) = sound(&corpus, &options) {
        panic!("{why}");
    }
}
