//! The command line's manners: help, languages, JSON, completions, exit codes.

use xoay_tests::{Finished, xoay};

#[test]
fn help_has_examples_and_exit_codes_in_the_users_language() {
    let english = Finished::of(xoay().arg("--help")).succeeded();
    assert!(english.stdout.contains("Examples:") && english.stdout.contains("Exit codes:"));
    let vietnamese = Finished::of(xoay().arg("--help").env("LANG", "vi_VN.UTF-8")).succeeded();
    assert!(vietnamese.stdout.contains("Ví dụ:") && vietnamese.stdout.contains("Mã kết thúc:"));
    for word in ["Usage", "Commands", "Options", "Print"] {
        assert!(
            !vietnamese.stdout.contains(word),
            "{word:?} is left in: {}",
            vietnamese.stdout
        );
    }
    let spin = Finished::of(xoay().args(["spin", "--help", "--lang", "vi"])).succeeded();
    assert!(
        spin.stdout.contains("Thư mục hoặc tệp zip"),
        "{}",
        spin.stdout
    );
}

#[test]
fn wrong_usage_exits_with_2_and_says_what_was_wrong() {
    let wrong: [(&[&str], &str, &str); 4] = [
        (&["spin"], "<PHOTOS>", "còn thiếu"),
        (&["spni"], "spni", "không có lệnh"),
        (
            &["spin", "a", "-o", "b", "--widths", "many"],
            "many",
            "không hợp lệ",
        ),
        (
            &["spin", "a", "-o", "b", "--widht", "9"],
            "--widht",
            "không có tham số",
        ),
    ];
    for (arguments, named, in_vietnamese) in wrong {
        let english = Finished::of(xoay().args(arguments));
        assert_eq!(english.code, Some(2), "{arguments:?}: {}", english.stderr);
        assert!(
            english.stderr.contains(named),
            "{arguments:?}: {}",
            english.stderr
        );
        let vietnamese = Finished::of(xoay().args(arguments).env("LC_ALL", "vi_VN.UTF-8"));
        assert_eq!(vietnamese.code, Some(2));
        assert!(
            vietnamese.stderr.contains(in_vietnamese),
            "{arguments:?}: {}",
            vietnamese.stderr
        );
    }
}

#[test]
fn errors_speak_the_users_language_and_json_carries_both() {
    let nowhere = ["spin", "/nonexistent/photos", "-o", "/nonexistent/out"];
    let english = Finished::of(xoay().args(nowhere));
    assert_eq!(english.code, Some(3));
    assert!(english.stderr.starts_with("error:"), "{}", english.stderr);
    let vietnamese = Finished::of(xoay().args(nowhere).env("LANG", "vi_VN.UTF-8"));
    assert!(
        vietnamese.stderr.starts_with("lỗi:"),
        "{}",
        vietnamese.stderr
    );
    let json = Finished::of(xoay().args(nowhere).arg("--json"));
    let last = json.json_lines().pop().unwrap();
    assert_eq!(last["event"], "error");
    assert_eq!(last["exitCode"], 3);
    assert!(last["message"]["vi"].is_string() && last["message"]["en"].is_string());
    assert_ne!(last["message"]["vi"], last["message"]["en"]);
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = Finished::of(xoay().args(["completions", shell]))
            .succeeded()
            .stdout;
        for command in ["spin", "inspect", "optimize", "publish", "serve"] {
            assert!(script.contains(command), "{shell} does not know {command}");
        }
    }
}
