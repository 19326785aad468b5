//! Children of these tests are this very test program, told by its environment's `RAYON_` variables what to try.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use xoay_format::Watch;

use super::{JobLimits, Sandboxed, confine};
use crate::catalogue::{JobFailure, JobKind};
use crate::jobs::{Recipes, RunError};

const CHILD: &str = "sandbox::tests::child";

fn sandboxed(limits: JobLimits) -> Sandboxed {
    let arguments = ["--exact", CHILD, "--ignored", "--nocapture", "--quiet"];
    let program = std::env::current_exe().unwrap();
    Sandboxed::new(program, arguments.map(str::to_owned).to_vec(), limits)
}

/// Not a test: the life of a child, where the file `misdeed` in its scratch folder says what it tries.
#[test]
#[ignore = "runs only as a child of the tests below"]
fn child() {
    let scratch = std::env::var_os("TMPDIR").unwrap();
    let misdeed = std::fs::read_to_string(Path::new(&scratch).join("misdeed"));
    let Ok(misdeed) = misdeed else {
        assert_eq!(super::as_child(), ExitCode::SUCCESS);
        std::process::exit(0);
    };
    let (misdeed, number) = misdeed.split_once(' ').unwrap();
    let limits = JobLimits {
        memory_bytes: 256 << 20,
        file_bytes: 1 << 20,
        ..JobLimits::default()
    };
    let confinement = confine(Path::new(&scratch), &limits).unwrap();
    let outcome = match misdeed {
        "read" => std::fs::read(number).map(drop),
        "write" => std::fs::write(number, "x"),
        "connect" => std::net::TcpStream::connect(number).map(drop),
        "run" => std::process::Command::new(number).status().map(drop),
        "fill" => {
            let megabytes = vec![7; number.parse::<usize>().unwrap() << 20];
            std::fs::write(Path::new(&scratch).join("large"), &megabytes)
        }
        "abort" => std::process::abort(),
        other => panic!("{other}"),
    };
    let outcome = outcome.map_err(|error| error.kind().to_string());
    let told = serde_json::to_string(&(confinement, outcome)).unwrap();
    std::fs::write(Path::new(&scratch).join("told"), told).unwrap();
    std::process::exit(1);
}

/// What confined the child, and whether its attempt worked.
type Confined = Option<(super::Confinement, Result<(), String>)>;

/// Lets a child try something, and gives the job's end and what became of the attempt.
fn try_it(misdeed: &str) -> (RunError, Confined) {
    let scratch = tempfile::tempdir().unwrap();
    std::fs::write(scratch.path().join("misdeed"), misdeed).unwrap();
    let run = sandboxed(JobLimits::default()).run(
        JobKind::Model,
        &scratch.path().join("model.glb"),
        &scratch.path().join("out"),
        Watch::silent(),
    );
    let told = std::fs::read_to_string(scratch.path().join("told")).ok();
    (
        run.unwrap_err(),
        told.map(|told| serde_json::from_str(&told).unwrap()),
    )
}

fn failed(error: RunError) -> JobFailure {
    match error {
        RunError::Failed(failure) | RunError::Passing(failure) => failure,
        RunError::Cancelled => panic!("cancelled"),
    }
}

#[test]
fn what_the_kernel_has_is_told() {
    let scratch = tempfile::tempdir().unwrap();
    let confinement = sandboxed(JobLimits::default())
        .probe(scratch.path())
        .unwrap();
    assert!(confinement.limits);
    println!("{confinement}");
}

#[test]
fn a_bad_model_fails_by_name_as_it_does_without_a_child() {
    let scratch = tempfile::tempdir().unwrap();
    let model = scratch.path().join("model.glb");
    std::fs::write(&model, crate::fixtures::glb()).unwrap();
    let out = scratch.path().join("out");
    let ended = sandboxed(JobLimits::default()).run(JobKind::Model, &model, &out, Watch::silent());
    let failure = failed(ended.unwrap_err());
    assert_eq!(failure.code, "bad-input", "{}", failure.message.en);
    assert!(
        failure.message.en.contains("model.glb"),
        "{}",
        failure.message.en
    );
}

#[test]
fn a_decoder_that_was_taken_over_reaches_nothing() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    let place = secret.path().display();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    for misdeed in [
        format!("read {place}"),
        format!("write {place}"),
        format!("connect {address}"),
        "run /bin/true".to_owned(),
    ] {
        let (_, told) = try_it(&misdeed);
        let (confinement, outcome) = told.unwrap();
        // A kernel without these cannot be asked to hold what they would.
        if confinement.landlock && confinement.seccomp {
            assert!(outcome.is_err(), "{misdeed}: {outcome:?}");
        }
    }
    let (_, told) = try_it("read /proc/cpuinfo");
    assert_eq!(
        told.unwrap().1,
        Ok(()),
        "what libraries read stays readable"
    );
}

#[test]
fn memory_and_files_have_their_limits() {
    // Beyond 256 MB and every thread's reserve.
    let threads = std::thread::available_parallelism().unwrap().get();
    let (ended, told) = try_it(&format!("fill {}", 257 + 160 * threads));
    assert!(told.is_none());
    let failure = failed(ended);
    assert_eq!(failure.code, "limit");
    assert!(
        failure.message.en.contains("--job-memory"),
        "{}",
        failure.message.en
    );
    let (ended, told) = try_it("fill 2");
    // Rust ignores no signal of this kind: the write fails or the process ends, the file does not grow.
    assert!(told.is_none_or(|(_, outcome)| outcome.is_err()));
    assert_ne!(failed(ended).code, "bad-input");
}

#[test]
fn a_crash_ends_one_job_and_says_so() {
    let (ended, _) = try_it("abort now");
    assert_eq!(failed(ended).code, "crashed");
}

#[test]
fn a_child_without_end_is_ended() {
    let scratch = tempfile::tempdir().unwrap();
    let sleeper = Sandboxed::new(
        "/bin/sleep".into(),
        vec!["60".into()],
        JobLimits {
            time: Duration::from_millis(300),
            ..JobLimits::default()
        },
    );
    let out = scratch.path().join("out");
    let ended = sleeper.run(JobKind::Spin, scratch.path(), &out, Watch::silent());
    assert!(failed(ended.unwrap_err()).message.en.contains("--job-time"));
}

#[test]
fn a_child_that_floods_its_parent_is_cut_off() {
    let scratch = tempfile::tempdir().unwrap();
    let limits = JobLimits {
        time: Duration::from_millis(300),
        ..JobLimits::default()
    };
    let flood = Sandboxed::new("/usr/bin/yes".into(), vec!["y".repeat(1000)], limits);
    let out = scratch.path().join("out");
    let ended = flood.run(JobKind::Spin, scratch.path(), &out, Watch::silent());
    assert_eq!(failed(ended.unwrap_err()).code, "limit");
    // A line without end.
    let endless = Sandboxed::new(
        "/bin/cat".into(),
        vec!["/dev/zero".into()],
        JobLimits::default(),
    );
    let ended = endless.run(JobKind::Spin, scratch.path(), &out, Watch::silent());
    assert!(ended.is_err());
}
