//! The other optimizers and how they are called.

use std::ffi::OsString;
use std::path::Path;

/// An optimizer from npm.
pub struct Peer {
    pub name: &'static str,
    /// Its program among the installed packages.
    program: &'static str,
    words: &'static [Word],
}

enum Word {
    Plain(&'static str),
    Input,
    Output,
}

/// Every peer: the first is the one that bytes, processor and likeness are compared with, the second geometry.
pub const ALL: &[Peer] = &[
    // Everything it does by default but taking triangles away.
    Peer {
        name: "gltf-transform",
        program: "gltf-transform",
        words: &[
            Word::Plain("optimize"),
            Word::Input,
            Word::Output,
            Word::Plain("--simplify"),
            Word::Plain("false"),
            Word::Plain("--texture-compress"),
            Word::Plain("webp"),
        ],
    },
    // Its npm build compresses no textures.
    Peer {
        name: "gltfpack",
        program: "gltfpack",
        words: &[
            Word::Plain("-cc"),
            Word::Plain("-i"),
            Word::Input,
            Word::Plain("-o"),
            Word::Output,
        ],
    },
];

impl Peer {
    /// The command that makes `output` of `input`.
    pub fn command(&self, tools: &Path, input: &Path, output: &Path) -> Vec<OsString> {
        let program = tools.join("node_modules/.bin").join(self.program);
        let words = self.words.iter().map(|word| match word {
            Word::Plain(word) => OsString::from(word),
            Word::Input => input.as_os_str().to_owned(),
            Word::Output => output.as_os_str().to_owned(),
        });
        std::iter::once(program.into_os_string())
            .chain(words)
            .collect()
    }
}
