//! Every kind of mistake in a case file, and what is said about it.
//!
//! `tests/ui/NAME.toml` is a case file with a mistake, `NAME.stderr` what is to be printed. A first line `# path: users/GetUser.toml`
//! says where the file is to be thought of as lying, otherwise `workflows/NAME.toml`. With `IAMSPEC_BLESS=1` the texts are written.

use std::fs;
use std::path::{Path, PathBuf};

use iamspec::case::{Corpus, parse};

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

#[test]
fn mistakes_are_shown_where_they_are() {
    let mut paths: Vec<PathBuf> = fs::read_dir(tests().join("ui")).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "toml"));
    paths.sort();
    assert!(paths.len() > 40, "{} files", paths.len());
    let bless = std::env::var_os("IAMSPEC_BLESS").is_some();
    let mut differing = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let first = text.lines().next().unwrap_or_default();
        let home = first.strip_prefix("# path: ").map_or_else(|| format!("workflows/{name}.toml"), str::to_owned);
        let said = match parse(&home, &format!("tests/ui/{name}.toml"), &text) {
            Err(mistakes) => mistakes.render(false),
            Ok(_) => panic!("{name}: no mistake found"),
        };
        let expected = path.with_extension("stderr");
        if bless {
            fs::write(&expected, &said).unwrap();
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        if expected != said {
            differing.push(format!("--- {name}, expected\n{expected}--- {name}, said\n{said}"));
        }
    }
    assert!(differing.is_empty(), "{}\nto accept: IAMSPEC_BLESS=1 cargo test --test case_diagnostics", differing.join("\n"));
}

#[test]
fn sound_files_give_cases() {
    let corpus = Corpus::from_dir(&tests().join("cases")).unwrap_or_else(|e| panic!("{e}"));
    let ids: Vec<&str> = corpus.cases.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(ids, ["users/DeleteUser/attached-policy-blocks", "users/DeleteUser/unknown-user", "workflows/Everything/everything"]);
}

/// Whatever the bytes, there are cases or mistakes, and mistakes can be shown.
#[test]
fn no_text_is_too_odd() {
    let samples: Vec<String> = ["users/DeleteUser.toml", "workflows/Everything.toml"]
        .iter()
        .map(|f| fs::read_to_string(tests().join("cases").join(f)).unwrap())
        .collect();
    let read = |text: &str| {
        if let Err(mistakes) = parse("users/DeleteUser.toml", "x.toml", text) {
            assert!(!mistakes.is_empty());
            assert!(mistakes.items().iter().all(|d| d.loc.line >= 1 && d.loc.column >= 1));
            mistakes.render(true);
        }
    };
    arbtest::arbtest(|u| {
        read(u.arbitrary()?);
        Ok(())
    });
    const PARTS: &[&str] =
        &["${", "}", "[", "]", "{", "\"", "'", "=", "\n", ".", "é", "\u{0}", "[[case]]\n", "-1", "\"\"\"", "#", "true", "${user}", "\r"];
    arbtest::arbtest(|u| {
        let mut text: Vec<char> = u.choose(&samples)?.chars().collect();
        for _ in 0..u.int_in_range(1..=6)? {
            let at = u.choose_index(text.len() + 1)?;
            let end = (at + u.int_in_range(0..=20)?).min(text.len());
            let new = if u.ratio(1, 3)? { "" } else { u.choose(PARTS)? };
            text.splice(at..end, new.chars());
        }
        read(&text.into_iter().collect::<String>());
        Ok(())
    })
    .budget_ms(1500);
}
