//! The page of `iamspec matrix` in a browser: search, filters, folding, evidence, address, before and after, keyboard, and that nothing
//! of a hostile target runs in it. Needs Chromium; `IAMSPEC_CHROMIUM_REQUIRED` makes a missing one an error.
//!
//! `IAMSPEC_SCREENSHOTS=DIR` keeps pictures of the page, light and dark, wide and narrow.

mod support;

use serde_json::json;
use support::browser::{Browser, chromium};
use support::stored::{Stored, Told};
use support::{Folder, command, told};

const fn case<'a>(case: &'a str, requirement: &'a str, level: &'a str, verdict: &'a str) -> Told<'a> {
    Told { case, requirement, level, verdict, actual: "200" }
}

/// Five cases and two findings on two targets, one of them in two versions.
fn runs(folder: &Folder) -> Vec<String> {
    let name = "create-group.name-unique";
    let attached = "delete-user.no-attached-policy";
    let before = Stored::new("moto", "5.2.4", "a", "2026-11-15")
        .case(case("groups/CreateGroup/duplicate", name, "must", "fail"))
        .case(case("users/DeleteUser/attached", attached, "must", "pass"))
        .case(case("users/DeleteUser/removes", "delete-user.removes", "must", "pass"));
    let after = Stored::new("moto", "5.2.5", "b", "2026-11-22")
        .case(case("groups/CreateGroup/duplicate", name, "must", "pass"))
        .case(case("users/DeleteUser/attached", attached, "must", "fail"))
        .case(case("users/DeleteUser/removes", "delete-user.removes", "must", "pass"))
        .case(case("users/GetUser/odd", "create-user.name-unique", "may", "xfail"));
    let other = Stored::new("ministack", "1.5", "c", "2026-11-22")
        .without("UploadServerCertificate", "501 NotImplemented")
        .case(case("groups/CreateGroup/duplicate", name, "must", "pass"))
        .case(case("users/DeleteUser/attached", attached, "must", "pass"))
        .differing(case("users/GetUser/same", "get-user.by-name", "must", "pass"))
        .case(case("users/DeleteUser/removes", "delete-user.removes", "must", "skip"))
        .case(case("users/GetUser/odd", "create-user.name-unique", "may", "xfail"))
        .check("shape.id", "GetUser", "User.UserId", "expected the form AIDA…, is 1")
        .leftover("t-k3f9-policy", "DeletePolicy: 409 DeleteConflict");
    [(before, "before.ndjson"), (after, "after.ndjson"), (other, "other.ndjson")].map(|(run, file)| run.write(&folder.0, file)).to_vec()
}

/// The page of these runs; its path.
fn page(folder: &Folder, runs: &[String]) -> String {
    let runs: Vec<&str> = runs.iter().map(String::as_str).collect();
    let (text, code) = told(&command(folder, &[&["matrix"], &runs[..], &["-o", "m.html"]].concat()).output().unwrap());
    assert_eq!(code, 0, "{text}");
    folder.0.join("m.html").to_string_lossy().into_owned()
}

/// Runs a test on the page, if there is a browser. The page must not have complained of anything.
fn on_page(name: &str, test: impl FnOnce(&mut Browser, &str)) {
    let Some(chromium) = chromium() else { return };
    let folder = Folder::new(&format!("page-{name}"));
    let file = page(&folder, &runs(&folder));
    let mut browser = Browser::start(&chromium, name);
    browser.open(&file);
    test(&mut browser, &file);
    assert_eq!(browser.complaints, Vec::<String>::new());
}

/// Ids of the rows in sight, without what is of the page's own making.
const ROWS: &str = "[...document.querySelectorAll('#scroll tbody tr')].map((r) => r.node.key).join(' ')";
const FOCUSED: &str = "(document.activeElement.closest('tr')?.node?.key ?? 'head') + ' ' + document.activeElement.cellIndex";
const EVIDENCE: &str = "document.querySelector('#evidence').innerText";

#[test]
fn the_table_is_a_tree_of_counts() {
    on_page("table", |browser, _| {
        assert_eq!(
            browser.text(ROWS),
            "groups groups/CreateGroup users users/DeleteUser users/GetUser free checks free checks/shape left behind left behind/policy"
        );
        let cells = "[...document.querySelectorAll('#scroll tbody tr')].map((r) => [...r.cells].slice(1).map((c) => c.textContent.trim()).join(' | '))";
        let cells = browser.eval(cells);
        assert_eq!(cells[0], "✗ 1 fail | ✓ 1 pass | ✓ 1 pass", "groups");
        assert_eq!(cells[2], "✓ 2 pass | ✓ 1 pass✗ 1 fail◇ 1 known | ✓ 1 pass≠ 1 differs◇ 1 known○ 1 skip", "users");
        assert_eq!(cells[5], "·nothing found | ·nothing found | ✗ 1 fail", "free checks");
        let columns = "[...document.querySelectorAll('thead th[data-column]')].map((h) => h.innerText.replace(/\\s+/g, ' ')).join('; ')";
        assert_eq!(browser.text(columns), "moto 5.2.4 aws · 2026-11-15; moto 5.2.5 aws · 2026-11-22; ministack 1.5 aws · 2026-11-22");
        assert_eq!(browser.eval("performance.getEntriesByType('resource').length"), 0, "the network is asked for nothing");
        let roles = "['treegrid', 'row', 'rowheader', 'gridcell', 'columnheader'].filter((r) => !document.querySelector(`[role=${r}]`))";
        assert_eq!(browser.eval(roles), json!([]));
    });
}

#[test]
fn search_narrows_and_stays_in_the_address() {
    on_page("search", |browser, _| {
        browser.press("/");
        assert_eq!(browser.eval("document.activeElement.id"), "q", "the slash goes to the search");
        browser.write("attached POLICY");
        let found = "users users/DeleteUser users/DeleteUser/delete-user.no-attached-policy users/DeleteUser/attached";
        assert!(browser.text(ROWS).starts_with(found), "few hits are unfolded: {}", browser.text(ROWS));
        assert_eq!(browser.text("document.querySelector('#count').textContent"), "1 of 5 cases");
        assert_eq!(browser.text("location.hash"), "#q=attached+POLICY");
        browser.reload();
        assert_eq!(browser.text("document.querySelector('#q').value"), "attached POLICY");
        assert!(browser.text(ROWS).starts_with(found));
        browser.eval("document.querySelector('#q').focus()");
        browser.press("Escape");
        assert_eq!(browser.text("location.hash"), "", "escape empties the search");
        browser.press("/");
        browser.write("no such thing");
        assert_eq!(browser.text(ROWS), "");
        browser.click(".empty button");
        assert!(browser.text(ROWS).starts_with("groups "));
    });
}

#[test]
fn filters_show_what_they_say() {
    on_page("filters", |browser, file| {
        let mut shows = |hash: &str| {
            browser.open(&format!("{file}#fold=4&{hash}"));
            browser.text(LEAVES)
        };
        let (duplicate, attached, removes, odd) =
            ("groups/CreateGroup/duplicate", "users/DeleteUser/attached", "users/DeleteUser/removes", "users/GetUser/odd");
        let same = "users/GetUser/same";
        let (check, leftover) = ("shape.id GetUser User.UserId", "cleanup.deletable users/DeleteUser/attached");
        let all = |ids: &[&str]| ids.join("; ");
        assert_eq!(shows("show=departing"), all(&[duplicate, attached, odd, same, check, leftover]));
        assert_eq!(shows("show=failing"), all(&[duplicate, attached, same, check, leftover]), "known failures are not");
        assert_eq!(shows("show=failing&in=1"), attached);
        assert_eq!(shows("show=differ"), all(&[duplicate, attached, check, leftover]), "a skip is no other opinion");
        assert_eq!(shows("show=only&in=1"), attached);
        assert_eq!(shows("show=only&in=0"), duplicate);
        assert_eq!(shows("show=changed"), all(&[duplicate, attached, odd]));
        assert_eq!(shows("level=may"), odd);
        assert_eq!(shows("family=groups,free%2520checks"), all(&[duplicate, check]));
        assert_eq!(shows("provenance=recorded&family=groups"), duplicate);
        assert_eq!(shows("provenance=field&family=groups"), "");
        assert_eq!(shows("hide=0&show=differ"), all(&[attached, check, leftover]), "hidden targets have no say");
        assert_eq!(
            shows("show=nonsense&in=99&fold=4"),
            all(&[duplicate, attached, removes, odd, same, check, leftover]),
            "a wrong address does no harm"
        );
    });
}

/// Keys of the leaves in sight.
const LEAVES: &str = "[...document.querySelectorAll('tbody .row-4')].map((r) => r.node.key).join('; ')";

#[test]
fn filters_are_chosen_with_the_tools() {
    on_page("tools", |browser, _| {
        browser.choose("show", "departing");
        browser.click("#menu-level summary");
        browser.click("#menu-level input[value=may]");
        assert_eq!(browser.text(LEAVES), "users/GetUser/odd");
        assert_eq!(browser.text("location.hash"), "#show=departing&level=may");
        assert_eq!(browser.text("document.querySelector('#menu-level summary').textContent"), "Level: may");
        browser.press("Escape");
        assert_eq!(browser.eval("document.querySelector('#menu-level').open"), false);
        browser.click("#reset");
        assert_eq!(browser.text("location.hash"), "");
        assert_eq!(browser.eval("document.querySelector('#show').value"), "all");
    });
}

#[test]
fn groups_fold_and_unfold() {
    on_page("folding", |browser, _| {
        let open =
            |key: &str| format!("[...document.querySelectorAll('#scroll tbody tr')].find((r) => r.node.key === {key:?})?.ariaExpanded");
        assert_eq!(browser.eval(&open("users")), "true");
        browser.click("#scroll tbody tr:nth-child(3) th");
        assert_eq!(browser.eval(&open("users")), "false");
        assert!(!browser.text(ROWS).contains("users/DeleteUser"));
        assert_eq!(browser.text("location.hash"), "#turned=users");
        browser.reload();
        assert_eq!(browser.eval(&open("users")), "false", "what is folded stays folded");
        browser.choose("fold", "4");
        assert!(browser.text(ROWS).contains("users/DeleteUser/attached"), "all is open");
        browser.choose("fold", "1");
        assert_eq!(browser.text(ROWS), "groups users free checks left behind");
    });
}

#[test]
fn the_keyboard_reaches_everything() {
    on_page("keyboard", |browser, _| {
        browser.eval("document.querySelector('#reset').disabled = false; document.querySelector('#reset').focus()");
        browser.press("Tab");
        assert_eq!(browser.text(FOCUSED), "groups 0", "the table is one stop, and begins at its first row");
        assert_eq!(browser.eval("document.querySelectorAll('#scroll [tabindex=\"0\"]').length"), 1);
        for (key, expected) in [
            ("ArrowDown", "groups/CreateGroup 0"),
            ("ArrowRight", "groups/CreateGroup 0"),
            ("ArrowDown", "groups/CreateGroup/create-group.name-unique 0"),
            ("ArrowLeft", "groups/CreateGroup 0"),
            ("End", "groups/CreateGroup 3"),
            ("ArrowRight", "groups/CreateGroup 3"),
            ("ArrowUp", "groups 3"),
            ("ArrowUp", "head 3"),
            ("Home", "head 0"),
            ("ArrowDown", "groups 0"),
            ("ArrowLeft", "groups 0"),
            ("ArrowDown", "users 0"),
        ] {
            browser.press(key);
            assert_eq!(browser.text(FOCUSED), expected, "after {key}");
        }
    });
}

#[test]
fn a_cell_opens_its_evidence_and_escape_closes_it() {
    on_page("evidence", |browser, _| {
        browser.choose("fold", "4");
        let cell = "[...document.querySelectorAll('#scroll tbody tr')].find((r) => r.node.key === 'users/DeleteUser/attached').cells[2]";
        browser.eval(&format!("{cell}.focus()"));
        browser.press("Enter");
        assert_eq!(browser.text("document.activeElement.tagName"), "H2", "the focus goes to what was opened");
        let shown = browser.text(EVIDENCE);
        for part in [
            "moto 5.2.5 · aws · 2026-11-22",
            "Title of users/DeleteUser/attached",
            "✗ fail",
            "409 DeleteConflict",
            "cases/DeleteUser.toml:31",
            "UserName t-k3f9-user",
            "Signature=<secret>",
            "<DeleteUserResponse>200</DeleteUserResponse>",
            "iamspec run --target moto --wire xml users/DeleteUser/attached",
            "--curl scripts",
            "delete-user.no-attached-policy",
            "must on aws",
            "eim seed EIM API reference",
            "ministack 1.5 aws",
        ] {
            assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
        }
        assert!(!shown.contains("<CreateUserResponse>"), "only the exchange that differs is shown");
        assert_eq!(browser.text("new URLSearchParams(location.hash.slice(1)).get('cell')"), "1:users/DeleteUser/attached");
        browser.press("Escape");
        assert_eq!(browser.eval("document.querySelector('#evidence').hidden"), true);
        assert_eq!(browser.text(FOCUSED), "users/DeleteUser/attached 2", "and comes back");
        browser.eval("history.go(-1)");
        browser.wait("!document.querySelector('#evidence').hidden");
        browser.click("#evidence .close");
        assert_eq!(browser.eval("document.querySelector('#evidence').hidden"), true);
    });
}

#[test]
fn evidence_can_be_linked_to() {
    on_page("links", |browser, file| {
        for (cell, parts) in [
            ("2:users/DeleteUser/removes", &["○ skip", "the target does not support UploadServerCertificate"][..]),
            ("2:users/GetUser/odd", &["◇ known", "it does not look at attachments"]),
            ("2:users/GetUser/same", &["≠ differs", "<UserId:1>", "<UserId:2>", "golden/cases/users/GetUser/same.snap"]),
            ("0:users/GetUser/odd", &["This case was not part of the run."]),
            ("1:users/DeleteUser/removes", &["✓ pass", "CreateUser → 200"]),
            ("2:shape.id GetUser User.UserId", &["User.UserId", "expected the form AIDA…, is 1", "3 responses"]),
            ("1:shape.id GetUser User.UserId", &["No departure of this kind was seen"]),
            ("2:cleanup.deletable users/DeleteUser/attached", &["t-k3f9-policy", "409 DeleteConflict"]),
            ("2:users", &["◇ known 1", "✓ pass 1", "○ skip 1", "users/GetUser/odd"]),
        ] {
            browser.open(&format!("{file}#cell={}", cell.replace(' ', "%20")));
            let shown = browser.text(EVIDENCE);
            for part in parts {
                assert!(shown.contains(part), "{cell}: {part:?} is missing in\n{shown}");
            }
        }
        browser.click("#evidence .ways button");
        assert!(browser.text(EVIDENCE).contains("<UserId:2>"), "a group's list leads to its cases, the gravest first");
    });
}

#[test]
fn two_runs_of_a_target_show_before_and_after() {
    on_page("changes", |browser, _| {
        browser.click("#tab-changes");
        let shown = browser.text("document.querySelector('#changes').innerText");
        for part in [
            "moto 5.2.4 (2026-11-15) → moto 5.2.5 (2026-11-22)",
            "Newly failing: 1",
            "Fixed: 1",
            "New case: 1",
            "1 as before",
            "users/DeleteUser/attached",
        ] {
            assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
        }
        browser.click("#changes .change-newly-failing tbody td:last-child button");
        assert!(browser.text(EVIDENCE).contains("moto 5.2.5 · aws"), "after");
        browser.click("#changes .change-newly-failing tbody td:nth-child(3) button");
        assert!(browser.text(EVIDENCE).contains("moto 5.2.4 · aws"), "before");
        assert!(browser.text("location.hash").starts_with("#view=changes&cell="));
        browser.eval("document.querySelector('#tab-changes').focus()");
        browser.press("ArrowRight");
        let targets = browser.text("document.querySelector('#targets').innerText");
        assert!(targets.contains("Actions it does not have: 1") && targets.contains("501 NotImplemented"), "{targets}");
    });
}

#[test]
fn the_text_of_a_hostile_target_is_text() {
    let Some(chromium) = chromium() else { return };
    let folder = Folder::new("page-hostile");
    let bad = "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=2>\u{2028}<!--";
    let told = Told { actual: bad, ..case("users/DeleteUser/attached", "delete-user.no-attached-policy", "must", "fail") };
    let run = Stored::new(bad, bad, "a", "2026-11-22")
        .case(told)
        .case(Told { case: &format!("users/{}/x", bad.replace('/', "")), requirement: bad, ..told })
        .check("shape.id", bad, bad, bad)
        .leftover(bad, bad)
        .without(bad, bad)
        .write(&folder.0, "run.ndjson");
    let file = page(&folder, &[run]);
    let mut browser = Browser::start(&chromium, "hostile");
    for view in ["fold=4", "view=targets", "fold=4&cell=0:users/DeleteUser/attached", "fold=4&cell=0:users"] {
        browser.open(&format!("{file}#{view}"));
        assert!(browser.text("document.body.innerText").contains("window.pwned=1"), "{view}: it is shown");
        assert_eq!(browser.eval("typeof window.pwned"), "undefined", "{view}: and does nothing");
        assert_eq!(browser.eval("document.querySelectorAll('img').length"), 0, "{view}");
    }
    assert_eq!(browser.complaints, Vec::<String>::new(), "the policy had nothing to stop");
    let refused = browser.eval("(() => { try { document.body.innerHTML = '<b>'; return false; } catch { return true; } })()");
    assert_eq!(refused, true, "markup cannot even be written");
    browser.eval("(() => { const s = document.createElement('script'); s.append('window.pwned=3'); document.body.append(s); })()");
    assert_eq!(browser.eval("typeof window.pwned"), "undefined", "nor another script be run");
}

#[test]
fn a_thousand_cases_on_ten_targets_stay_small_and_work() {
    let Some(chromium) = chromium() else { return };
    let folder = Folder::new("page-large");
    let ids: Vec<String> = (0..1000).map(|i| format!("family{}/Action{}/case-{i}", i % 10, i % 100)).collect();
    let verdicts = ["pass", "pass", "pass", "fail", "xfail", "skip", "pass"];
    let run = |target: usize| {
        let run = Stored::new(&format!("target{target}"), "1.0", &format!("r{target}"), "2026-11-22");
        let with = |run: Stored, (i, id): (usize, &String)| {
            run.case(case(id, "delete-user.no-attached-policy", "must", verdicts[(i * 7 + target) % verdicts.len()]))
        };
        ids.iter().enumerate().fold(run, with).write(&folder.0, &format!("{target}.ndjson"))
    };
    let file = page(&folder, &(0..10).map(run).collect::<Vec<_>>());
    let size = std::fs::metadata(&file).unwrap().len();
    assert!(size < 8 << 20, "{size} bytes");
    let mut browser = Browser::start(&chromium, "large");
    browser.open(&file);
    assert_eq!(browser.text("document.querySelector('#count').textContent"), "1000 cases");
    let key = "(() => { const f = document.getElementById('fold'); f.value = '4'; f.dispatchEvent(new Event('change')); const at = () => document.querySelectorAll('tbody .row-4').length; const before = at(); document.querySelector(\"#scroll [tabindex='0']\").dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true })); return [before < 1000, at()]; })()";
    assert_eq!(browser.eval(key), json!([true, 1000]), "rows out of sight come later, but before a key that may go there");
    browser.choose("fold", "2");
    browser.choose("fold", "4");
    browser.wait("!document.querySelector('[aria-busy]')");
    assert_eq!(browser.eval("document.querySelectorAll('tbody .row-4').length"), 1000);
    browser.eval("document.querySelector('#scroll').scrollTo(600, 20000)");
    let stays = "(() => { const at = (s) => document.querySelector(s).getBoundingClientRect(); const table = at('#scroll'); \
                 const row = [...document.querySelectorAll('tbody tr')].find((r) => r.getBoundingClientRect().top > table.top + 200); \
                 return [at('thead tr').top - table.top, at('thead tr.totals').top >= at('thead tr').top, row.cells[0].getBoundingClientRect().left - table.left]; })()";
    assert_eq!(browser.eval(stays), json!([0, true, 0]), "heads stay in sight, of columns and of rows");
    browser.eval("document.querySelector('#q').focus()");
    browser.write("case-99");
    assert_eq!(browser.eval("document.querySelectorAll('tbody .row-4').length"), 11, "case-99 and case-990 to case-999");
    browser.click("tbody .row-4 td:last-child");
    assert!(browser.text(EVIDENCE).contains("target9 1.0 · aws"));
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn the_page_fits_light_and_dark_wide_and_narrow() {
    on_page("looks", |browser, file| {
        let keep = std::env::var_os("IAMSPEC_SCREENSHOTS").map(std::path::PathBuf::from);
        for (dark, ground) in [(false, "rgb(255, 255, 255)"), (true, "rgb(20, 23, 28)")] {
            browser.dark(dark);
            for (width, height) in [(1440, 900), (390, 844)] {
                browser.window(width, height);
                for (name, hash) in [
                    ("matrix", "fold=3"),
                    ("evidence", "fold=4&cell=1:users/DeleteUser/attached"),
                    ("changes", "view=changes"),
                    ("targets", "view=targets"),
                ] {
                    browser.open(&format!("{file}#{hash}"));
                    assert_eq!(browser.text("getComputedStyle(document.body).backgroundColor"), ground);
                    let fits = "document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight";
                    assert_eq!(browser.eval(fits), true, "{name} at {width}: the page itself does not scroll, its parts do");
                    let scheme = if dark { "dark" } else { "light" };
                    if let Some(dir) = &keep {
                        std::fs::create_dir_all(dir).unwrap();
                        std::fs::write(dir.join(format!("{name}-{scheme}-{width}.png")), browser.screenshot()).unwrap();
                    }
                }
            }
        }
        browser.call("Emulation.setEmulatedMedia", json!({ "media": "print" }));
        browser.open(&format!("{file}#fold=4"));
        assert_eq!(browser.eval("getComputedStyle(document.querySelector('#tools')).display"), "none");
        assert_eq!(browser.eval("getComputedStyle(document.querySelector('#scroll')).overflow"), "visible", "all of it is printed");
    });
}
