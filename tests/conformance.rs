//! The suite, one test for each case and configuration. `IAMSPEC_TARGET` or `IAMSPEC_ENDPOINT` and `IAMSPEC_DIALECT` name what to test.

fn main() -> std::process::ExitCode {
    iamspec::harness::main()
}
