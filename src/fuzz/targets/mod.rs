//! What libFuzzer drives: for each parser of the core, and for the reference, a pure function from any bytes to the property that does not
//! hold of it.
//!
//! `fuzz/fuzz_targets/` is glue around these; `cargo test --test fuzz_targets` runs them over the seeds and over `fuzz/regressions/`, so
//! that what was found once stays found on a stable toolchain. A function here may do no I/O and must be total: a panic, a hang and an
//! `Err` are the same to whoever runs it, a find.

pub mod http;

pub(in crate::fuzz) mod answer;
pub(in crate::fuzz) mod case_file;
pub(in crate::fuzz) mod certificate;
pub(in crate::fuzz) mod policy_document;
pub(in crate::fuzz) mod program;
pub(in crate::fuzz) mod query;
#[cfg(feature = "sign")]
pub(in crate::fuzz) mod signature;
mod standing;

/// `Err`: which property does not hold, with the values that show it.
pub type Check = Result<(), String>;

/// One fuzz target.
#[derive(Clone, Copy)]
pub struct FuzzTarget {
    /// Its name, as `cargo fuzz run` and the folders of corpora and regressions have it.
    pub name: &'static str,
    /// What holds, in a sentence.
    pub about: &'static str,
    /// Looks whether it does.
    pub check: fn(&[u8]) -> Check,
}

/// Every fuzz target.
#[rustfmt::skip]
pub static TARGETS: &[FuzzTarget] = &[
    FuzzTarget { name: "case_file", about: "a case file gives cases or mistakes that point into it, and what it gives can be planned and rendered", check: case_file::check },
    FuzzTarget { name: "xml_answer", about: "an XML answer is read or refused; what is understood of it is understood again when written anew", check: answer::xml },
    FuzzTarget { name: "json_answer", about: "the same of a JSON answer", check: answer::json },
    FuzzTarget { name: "query_request", about: "a request is read or refused as the API refuses; what is understood of it survives being written anew, and the reference answers it in a well-formed document", check: query::check },
    FuzzTarget { name: "policy_document", about: "a policy document is accepted or refused; one that is accepted comes back to the byte and can be decided by, one that is refused leaves nothing", check: policy_document::check },
    #[cfg(feature = "sign")]
    FuzzTarget { name: "signature", about: "the verifier accepts whatever the signer signs, and nothing of it once anything that is signed has changed", check: signature::check },
    FuzzTarget { name: "certificate", about: "a server certificate is accepted or refused; one that is accepted comes back, without its key", check: certificate::check },
    FuzzTarget { name: "program", about: "whatever a program does to the reference, its account stays sound, a refusal changes nothing, and its answers are of the model and read as they were meant", check: program::check },
];

/// The target of that name.
pub fn find(name: &str) -> Option<&'static FuzzTarget> {
    TARGETS.iter().find(|target| target.name == name)
}

/// `Err` with what `otherwise` says unless `holds`.
fn demand(holds: bool, otherwise: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// Seconds since 1970 at which every check takes place.
const NOW: i64 = 1_800_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_takes_any_bytes() {
        for target in TARGETS {
            arbtest::arbtest(|u| {
                let bytes = u.bytes(u.len())?;
                assert_eq!((target.check)(bytes), Ok(()), "{}: {bytes:?}", target.name);
                Ok(())
            })
            .budget_ms(300);
            assert_eq!(find(target.name).map(|found| found.about), Some(target.about));
        }
    }
}
