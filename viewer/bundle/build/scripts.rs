//! Puts hand-written scripts together: parts into their whole, style sheets into their scripts, comments out.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// The script `stem` of a folder with the parts that it imports, and its style sheet, as one text without comments.
pub fn assemble(folder: &Path, stem: &str) -> Result<String> {
    let mut seen = BTreeSet::new();
    let mut script = squeeze(&with_parts(folder, stem, &mut seen)?);
    let sheet = format!("/* {stem}.css */");
    if script.contains(&sheet) {
        let css = read(folder, &format!("{stem}.css"))?;
        replace(&mut script, &sheet, css.trim_end())?;
    }
    Ok(script)
}

/// Puts each imported part in the place of the first line that imports it.
fn with_parts(folder: &Path, stem: &str, seen: &mut BTreeSet<String>) -> Result<String> {
    let text = read(folder, &format!("{stem}.js"))?;
    let whole = seen.is_empty();
    let mut out = String::with_capacity(text.len());
    seen.insert(stem.to_owned());
    for line in text.lines() {
        match imported(line) {
            Some(part) if seen.contains(part) => {}
            Some(part) => out.push_str(&with_parts(folder, part, seen)?),
            None if whole => out.push_str(line),
            None => out.push_str(line.strip_prefix("export ").unwrap_or(line)),
        }
        out.push('\n');
    }
    Ok(out)
}

/// The part that a line such as `import { make } from './dom.js';` names.
fn imported(line: &str) -> Option<&str> {
    let (_, from) = line.strip_prefix("import {")?.split_once("} from './")?;
    from.strip_suffix(".js';")
}

/// Drops indentation, comments on lines of their own, and empty lines. No template in our scripts has several lines.
pub fn squeeze(script: &str) -> String {
    let mut out = String::with_capacity(script.len());
    let mut in_comment = false;
    for line in script.lines().map(str::trim) {
        in_comment |= line.starts_with("/*");
        if !in_comment && !line.is_empty() && !line.starts_with("//") {
            out.push_str(line);
            out.push('\n');
        }
        in_comment &= !line.ends_with("*/");
    }
    out
}

/// Replaces what stands in `text` exactly once.
pub fn replace(text: &mut String, from: &str, to: &str) -> Result<()> {
    if text.matches(from).count() != 1 {
        bail!("a script must name {from:?} exactly once");
    }
    *text = text.replace(from, to);
    Ok(())
}

fn read(folder: &Path, name: &str) -> Result<String> {
    let path = folder.join(name);
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}
