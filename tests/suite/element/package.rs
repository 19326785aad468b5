//! The folder for npm, its types, and what the guide says of both.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use xoay_tests::{repository, tool};

use super::{STRICT, Shown};

/// The names that follow `mark` in a text, up to `end`.
fn names<'a>(text: &'a str, mark: &str, end: char) -> BTreeSet<&'a str> {
    text.split(mark)
        .skip(1)
        .filter_map(|rest| rest.split(end).next())
        .collect()
}

#[test]
fn the_package_is_safe_to_import_where_there_is_no_dom() -> Result<()> {
    let root = tempfile::tempdir()?;
    let package = root.path().join("node_modules/xoay-viewer");
    xoay_viewer_bundle::write_package(&package)?;
    let script = "import('xoay-viewer').then(module => console.log(typeof module.XoayViewer), error => { console.log(error); process.exit(1); })";
    let output = Command::new("node")
        .args(["-e", script])
        .current_dir(root.path())
        .output()
        .context("node is needed, as `cargo xtask test` installs it")?;
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        said.trim(),
        "function",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let about: Value = serde_json::from_str(&fs::read_to_string(package.join("package.json"))?)?;
    assert_eq!(about["exports"]["."]["types"], "./xoay-viewer.d.ts");
    assert_eq!(
        about["sideEffects"],
        json!(["./xoay-viewer.js", "./legacy.js"])
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_types_and_the_guide_name_what_the_element_has() -> Result<()> {
    let types = fs::read_to_string(repository().join("viewer/element/xoay-viewer.d.ts"))?;
    let guide = fs::read_to_string(repository().join("viewer/EMBEDDING.md"))?;
    let class = types.split("export class XoayViewer").nth(1).unwrap();
    let class = class.split("addEventListener").next().unwrap();
    let members: BTreeSet<_> = class
        .lines()
        .map(str::trim)
        .filter(|line| line.ends_with(';'))
        .map(|line| {
            line.trim_start_matches("readonly ")
                .trim_start_matches("get ")
                .trim_start_matches("set ")
        })
        .filter_map(|line| line.split(['(', ':', '?']).next())
        .collect();
    assert!(members.len() > 25, "{members:?}");
    let element = "<xoay-viewer src=/fixtures/spin.json></xoay-viewer>";
    let shown = Shown::with(element, "", STRICT).await?;
    shown.until("viewer().shadowRoot").await?;
    let has = format!(
        "{:?}.filter(name => !(name in viewer()))",
        members.iter().collect::<Vec<_>>()
    );
    assert_eq!(
        shown.get(&has).await?,
        json!([]),
        "named in the types, absent in the element"
    );
    for member in members {
        assert!(
            guide.contains(&format!("`{member}")),
            "the guide lacks {member}"
        );
    }
    let attributes = shown
        .get("customElements.get('xoay-viewer').observedAttributes")
        .await?;
    for attribute in attributes.as_array().unwrap() {
        let named = format!("`{}`", attribute.as_str().unwrap());
        assert!(guide.contains(&named), "the guide lacks {named}");
    }
    shown.close().await?;

    // Every event that the sources fire is typed and explained.
    let mut fired = BTreeSet::new();
    let mut parts = BTreeSet::new();
    let mut sources = String::new();
    for entry in fs::read_dir(repository().join("viewer/element"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "js") {
            sources.push_str(&fs::read_to_string(path)?);
        }
    }
    fired.extend(names(&sources, "_emit('", '\''));
    parts.extend(names(&sources, "part: '", '\''));
    assert!(fired.len() > 14 && parts.len() > 20, "{fired:?} {parts:?}");
    for event in fired {
        assert!(
            types.contains(&format!("'xoay-{event}'")),
            "the types lack xoay-{event}"
        );
        assert!(
            guide.contains(&format!("`xoay-{event}`")),
            "the guide lacks xoay-{event}"
        );
    }
    for part in parts {
        assert!(
            guide.contains(&format!("`{part}`")),
            "the guide lacks the part {part}"
        );
    }
    Ok(())
}

/// What a page with strict types may write, and three lines that its compiler must refuse.
const TYPED: &str = "
import { XoayViewer } from 'xoay-viewer';
const viewer: XoayViewer | null = document.querySelector('xoay-viewer');
viewer?.addEventListener('xoay-frame', event => { const frame: number = event.detail.frame; console.log(frame); });
viewer?.look({ angle: 30, glide: true });
if (viewer) { viewer.view = 'model'; viewer.frame += 1; }
// @ts-expect-error: the number of frames is the product's
if (viewer) viewer.frameCount = 3;
// @ts-expect-error: no event has this name
viewer?.addEventListener('xoay-nothing', event => event.detail.frame);
// @ts-expect-error: an angle is a number
viewer?.look({ angle: 'left' });
";

#[test]
fn the_types_pass_the_compiler() -> Result<()> {
    let root = tempfile::tempdir()?;
    xoay_viewer_bundle::write_package(&root.path().join("node_modules/xoay-viewer"))?;
    fs::write(root.path().join("page.ts"), TYPED)?;
    let output = Command::new("node")
        .arg(tool("node/node_modules/typescript/bin/tsc"))
        .args(["--noEmit", "--strict", "--target", "es2020"])
        .args(["--module", "es2020", "--moduleResolution", "bundler"])
        .args(["--lib", "es2020,dom", "page.ts"])
        .current_dir(root.path())
        .output()
        .context("node is needed, as `cargo xtask test` installs it")?;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    Ok(())
}
