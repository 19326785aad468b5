//! The spin for old browsers: its syntax by acorn, its doings in Duktape, an interpreter of ECMAScript 5.

use std::fs;
use std::process::Command;

use xoay_tests::{Finished, repository, tool};

#[test]
fn it_is_written_in_ecmascript_5() {
    let script = repository().join("viewer/legacy/legacy.js");
    let parse = |path| Finished::of(Command::new("node").arg(tool("node/es5.mjs")).arg(path));
    let _ = parse(script).succeeded();

    // The judge itself must see what is newer.
    let place = tempfile::tempdir().unwrap();
    let newer = place.path().join("newer.js");
    for text in ["let a = 1;", "var f = () => 1;", "var s = `a`;", "f(a,);"] {
        fs::write(&newer, text).unwrap();
        assert_ne!(parse(newer.clone()).code, Some(0), "{text} passes");
    }
}

#[test]
fn it_turns_in_an_old_browser() {
    let fixtures = repository().join("tests/fixtures/viewer");
    let read = |path: &str| fs::read_to_string(repository().join(path)).unwrap();
    let manifest = fs::read_to_string(fixtures.join("spin.json")).unwrap();
    let legacy = read("viewer/legacy/legacy.js");
    let scenario = read("tests/fixtures/viewer/legacy/scenario.js");
    assert!(scenario.contains("/* LEGACY */"));
    let whole = format!(
        "{}\nvar MANIFEST = {manifest};\n{}",
        read("tests/fixtures/viewer/legacy/dom.js"),
        scenario.replace("/* LEGACY */", &legacy)
    );
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("old.js");
    fs::write(&file, whole).unwrap();
    let told = Finished::of(Command::new("duk").arg(&file)).succeeded();
    assert_eq!(told.stdout.trim(), "all well", "{}", told.stderr);
}
