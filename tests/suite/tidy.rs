//! The house rules that a machine can check: layering, licences, true documents.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use xoay_tests::{Finished, repository, xoay};

/// Where the program runs, and where the viewer does.
const SERVER: &str = "x86_64-unknown-linux-gnu";
const BROWSER: &str = "wasm32-unknown-unknown";

/// The dependency graph as cargo resolved it, normal and build dependencies only.
struct Graph {
    packages: BTreeMap<String, Value>,
    edges: BTreeMap<String, Vec<Edge>>,
}

struct Edge {
    to: String,
    builds: bool,
}

impl Graph {
    /// The graph for one target, whatever machine this is.
    fn read(target: &str) -> Self {
        let metadata = Finished::of(
            Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
                .args([
                    "metadata",
                    "--format-version",
                    "1",
                    "--locked",
                    "--filter-platform",
                    target,
                ])
                .current_dir(repository()),
        )
        .succeeded();
        let metadata: Value = serde_json::from_str(&metadata.stdout).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let packages = metadata["packages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|package| (text(&package["id"]), package.clone()))
            .collect();
        let edges = metadata["resolve"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| {
                let edges = node["deps"].as_array().unwrap().iter().flat_map(|dep| {
                    dep["dep_kinds"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .filter(|kind| kind["kind"] != "dev")
                        .map(|kind| Edge {
                            to: text(&dep["pkg"]),
                            builds: kind["kind"] == "build",
                        })
                });
                (text(&node["id"]), edges.collect())
            })
            .collect();
        Self { packages, edges }
    }

    fn id(&self, name: &str) -> &str {
        self.packages
            .iter()
            .find(|(_, package)| package["name"] == name && package["source"].is_null())
            .map_or_else(|| panic!("no crate {name} in the workspace"), |(id, _)| id)
    }

    fn name(&self, id: &str) -> &str {
        self.packages[id]["name"].as_str().unwrap()
    }

    /// Identifiers of all that is linked into `name`, and with `builds` all that builds it.
    fn closure(&self, name: &str, builds: bool) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut ahead = vec![self.id(name)];
        while let Some(id) = ahead.pop() {
            if seen.insert(id) {
                let edges = self.edges[id].iter();
                ahead.extend(
                    edges
                        .filter(|edge| builds || !edge.builds)
                        .map(|edge| edge.to.as_str()),
                );
            }
        }
        seen
    }

    fn linked_names(&self, name: &str) -> BTreeSet<&str> {
        self.closure(name, false)
            .into_iter()
            .map(|id| self.name(id))
            .collect()
    }

    fn direct_names(&self, name: &str) -> BTreeSet<&str> {
        self.edges[self.id(name)]
            .iter()
            .map(|edge| self.name(&edge.to))
            .collect()
    }

    fn workspace(&self) -> impl Iterator<Item = (&str, PathBuf)> {
        self.packages
            .values()
            .filter(|package| package["source"].is_null())
            .map(|package| {
                let manifest = Path::new(package["manifest_path"].as_str().unwrap());
                (
                    package["name"].as_str().unwrap(),
                    manifest.parent().unwrap().to_path_buf(),
                )
            })
    }
}

fn must_not_reach(graph: &Graph, of: &str, forbidden: &[&str]) {
    let linked = graph.linked_names(of);
    for name in forbidden {
        assert!(!linked.contains(name), "{of} must not reach {name}");
    }
}

#[test]
fn the_layers_hold() {
    let (graph, in_browser) = (Graph::read(SERVER), Graph::read(BROWSER));
    let must_not = |of: &str, forbidden: &[&str]| must_not_reach(&graph, of, forbidden);
    let service = ["axum", "tokio", "hyper", "sqlx", "object_store", "reqwest"];
    for stage in [
        "xoay-imaging",
        "xoay-spin",
        "xoay-gltf",
        "xoay-reconstruct",
        "xoay-render",
        "xoay-pipeline",
    ] {
        must_not(stage, &service);
        must_not(stage, &["xoay", "xoay-viewer-bundle"]);
    }
    for stage in [
        "xoay-imaging",
        "xoay-spin",
        "xoay-gltf",
        "xoay-reconstruct",
        "xoay-render",
    ] {
        must_not(stage, &["xoay-pipeline"]);
    }
    for viewer in [
        "xoay-viewer-core",
        "xoay-viewer-spin",
        "xoay-viewer-model",
        "xoay-viewer-draco",
        "xoay-viewer-ktx2",
    ] {
        must_not_reach(&in_browser, viewer, &service);
        must_not_reach(
            &in_browser,
            viewer,
            &[
                "xoay-pipeline",
                "xoay-imaging",
                "xoay-spin",
                "xoay-gltf",
                "image",
            ],
        );
    }
    let ours = graph.linked_names("xoay-format");
    let expected = [
        "serde",
        "serde_core",
        "serde_derive",
        "proc-macro2",
        "quote",
        "syn",
        "unicode-ident",
        "xoay-format",
    ];
    assert_eq!(
        ours,
        BTreeSet::from(expected),
        "xoay-format is serde and nothing else"
    );
}

#[test]
fn only_imaging_links_image_codecs_and_the_viewer_links_no_c_at_all() {
    let (graph, in_browser) = (Graph::read(SERVER), Graph::read(BROWSER));
    let codecs = [
        "turbojpeg",
        "libwebp-sys",
        "ravif",
        "rav1e",
        "zune-jpeg",
        "jpeg-encoder",
        "image-webp",
        "png",
        "tiff",
    ];
    for (name, _) in graph.workspace() {
        if matches!(
            name,
            "xoay-imaging" | "xoay-avif" | "xoay-tests" | "xoay-benches"
        ) {
            continue;
        }
        for codec in codecs {
            assert!(
                !graph.direct_names(name).contains(codec),
                "{name} must take {codec} from xoay-imaging"
            );
        }
    }
    for viewer in [
        "xoay-viewer-core",
        "xoay-viewer-spin",
        "xoay-viewer-model",
        "xoay-viewer-draco",
        "xoay-viewer-ktx2",
    ] {
        for id in in_browser.closure(viewer, true) {
            let name = in_browser.name(id);
            assert!(
                !matches!(name, "cc" | "cmake" | "nasm-rs"),
                "{viewer} compiles C through {name}"
            );
        }
    }
}

#[test]
fn every_licence_that_ships_is_permissive() {
    const PERMISSIVE: &[&str] = &[
        "0BSD",
        "Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "BSL-1.0",
        "CC0-1.0",
        "CDLA-Permissive-2.0",
        "ISC",
        "MIT",
        "MIT-0",
        "NCSA",
        "Unicode-3.0",
        "Unicode-DFS-2016",
        "Unlicense",
        "Zlib",
        "IJG",
    ];
    let graph = Graph::read(SERVER);
    let mut refused = Vec::new();
    let mut count = 0;
    for id in graph.closure("xoay", true) {
        let package = &graph.packages[id];
        let Some(licence) = package["license"].as_str() else {
            refused.push(format!("{} states no licence", graph.name(id)));
            continue;
        };
        count += 1;
        // An SPDX expression without nested brackets: every AND part needs one permissive OR choice.
        let plain = licence.replace(['(', ')'], "").replace('/', " OR ");
        let permitted = plain.split(" AND ").all(|part| {
            part.split(" OR ")
                .any(|choice| PERMISSIVE.contains(&choice.trim()))
        });
        if !permitted {
            refused.push(format!("{}: {licence}", graph.name(id)));
        }
    }
    assert!(count > 100, "the graph was read");
    assert!(refused.is_empty(), "{refused:#?}");
}

fn documents() -> Vec<PathBuf> {
    let listed = Finished::of(
        Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .current_dir(repository()),
    )
    .succeeded();
    listed
        .stdout
        .lines()
        .map(|line| repository().join(line))
        .filter(|path| path.is_file())
        .collect()
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension()
        .is_some_and(|found| extensions.iter().any(|extension| found == *extension))
}

/// The `code` spans of a Markdown text, outside of fenced blocks.
fn code_spans(text: &str) -> Vec<&str> {
    let mut fenced = false;
    let mut spans = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            spans.extend(line.split('`').skip(1).step_by(2));
        }
    }
    spans
}

/// Whether a code span is meant as a path of this repository: it has a folder or a known ending, and no blank.
fn looks_like_a_path(span: &str) -> bool {
    const TOP: &[&str] = &[
        "pipeline/",
        "viewer/",
        "server/",
        "assets/",
        "tests/",
        "benches/",
        "xtask/",
        "src/",
        "docs/",
        ".ci/",
    ];
    !span.contains([' ', '<', '*', '{', '$', '…', '(', '='])
        && (TOP.iter().any(|top| span.starts_with(top))
            || (!span.contains('/')
                && ["rs", "toml", "md", "mjs"]
                    .iter()
                    .any(|end| span.ends_with(&format!(".{end}")))))
}

#[test]
fn the_paths_that_documents_name_exist() {
    let mut checked = 0;
    let mut absent = Vec::new();
    let files = documents();
    for document in files.iter().filter(|path| has_extension(path, &["md"])) {
        let text = fs::read_to_string(document).unwrap();
        let here = document.parent().unwrap();
        for span in code_spans(&text)
            .into_iter()
            .filter(|span| looks_like_a_path(span))
        {
            checked += 1;
            let near = [
                here.join(span),
                here.join("src").join(span),
                repository().join(span),
            ];
            // A bare file name stands for a file anywhere below its document.
            let below = || {
                let mut files = files.iter().filter(|file| file.starts_with(here));
                files.any(|file| file.file_name().is_some_and(|name| name == span))
            };
            if !near.iter().any(|path| path.exists()) && !below() {
                absent.push(format!("{}: {span}", document.display()));
            }
        }
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            checked += 1;
            if !here.join(target).exists() {
                absent.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(
        checked > 40,
        "only {checked} paths were found in the documents"
    );
    assert!(absent.is_empty(), "{absent:#?}");
}

#[test]
fn the_commands_that_documents_name_exist() {
    let mut named = BTreeSet::new();
    let mut tasks = BTreeSet::new();
    for document in documents()
        .iter()
        .filter(|path| has_extension(path, &["md"]))
    {
        let text = fs::read_to_string(document).unwrap();
        let word_after = |marker: &str| -> Vec<String> {
            text.match_indices(marker)
                .filter_map(|(at, _)| {
                    let word: String = text[at + marker.len()..]
                        .chars()
                        .take_while(char::is_ascii_lowercase)
                        .collect();
                    (!word.is_empty()).then_some(word)
                })
                .collect()
        };
        tasks.extend(word_after("cargo xtask "));
        named.extend(word_after("`xoay "));
    }
    assert!(tasks.contains("demo") && tasks.contains("test"));
    let source = fs::read_to_string(repository().join("xtask/src/main.rs"))
        .unwrap()
        .to_lowercase();
    for task in tasks {
        assert!(
            source.contains(&format!(" {task}")),
            "cargo xtask {task} is no task"
        );
    }
    for command in named {
        let help = Finished::of(xoay().args([&command, "--help"]));
        assert_eq!(help.code, Some(0), "xoay {command} is no command");
    }
}

#[test]
fn every_crate_explains_itself() {
    for (name, folder) in Graph::read(SERVER).workspace() {
        if name == "xtask" {
            continue;
        }
        let readme = fs::read_to_string(folder.join("README.md")).unwrap_or_default();
        assert!(
            readme.lines().count() >= 8,
            "{name}'s README.md says too little"
        );
    }
}

#[test]
fn files_stay_small_enough_to_hold_in_the_head() {
    let mut long = Vec::new();
    for file in documents()
        .iter()
        .filter(|path| has_extension(path, &["rs", "js", "mjs", "css"]))
    {
        let lines = fs::read_to_string(file).unwrap().lines().count();
        if lines > 600 {
            long.push(format!("{}: {lines} lines", file.display()));
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn systemd_takes_the_unit() {
    let analyze = Path::new("/usr/bin/systemd-analyze");
    if !analyze.is_file() {
        println!("no systemd-analyze here: not tried");
        return;
    }
    // What it starts is not installed on a machine that tests; the program under test is.
    let unit = fs::read_to_string(repository().join("docs/operating/xoay.service")).unwrap();
    let here = xoay_tests::program().display().to_string();
    let unit = unit.replace("/usr/local/bin/xoay", &here);
    assert!(unit.contains(&here));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("xoay.service");
    fs::write(&file, unit).unwrap();
    let verified = Finished::of(
        Command::new(analyze)
            .args(["verify", "--man=no"])
            .arg(&file),
    );
    let complaints = format!("{}{}", verified.stdout, verified.stderr);
    assert!(
        verified.code == Some(0) && !complaints.contains("xoay.service:"),
        "{complaints}"
    );
}

/// What may begin a line of a container file (the reference of Dockerfiles).
const INSTRUCTIONS: [&str; 10] = [
    "FROM",
    "RUN",
    "COPY",
    "WORKDIR",
    "USER",
    "VOLUME",
    "EXPOSE",
    "ENV",
    "ENTRYPOINT",
    "CMD",
];

#[test]
fn the_container_file_is_well_formed_and_copies_what_is_there() {
    let text = fs::read_to_string(repository().join("docs/operating/Containerfile")).unwrap();
    let joined = text.replace("\\\n", " ");
    let mut stages = BTreeSet::new();
    for line in joined
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (instruction, rest) = line.split_once(' ').unwrap_or((line, ""));
        assert!(INSTRUCTIONS.contains(&instruction), "{line}");
        let words: Vec<_> = rest.split_whitespace().collect();
        match instruction {
            "FROM" => {
                stages.extend(words.get(2).copied());
            }
            "ENTRYPOINT" | "CMD" => {
                let words: Vec<String> = serde_json::from_str(rest).unwrap();
                assert!(!words.is_empty());
            }
            "COPY" => match words[0].strip_prefix("--from=") {
                Some(stage) => assert!(stages.contains(stage), "{line}"),
                None => assert!(repository().join(words[0]).exists(), "{line}"),
            },
            _ => assert!(!words.is_empty(), "{line}"),
        }
    }
}
