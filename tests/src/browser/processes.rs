//! What a test starts, with all that it starts in turn: ended and accounted for by process id.

use std::fs;
use std::process::{Command, Stdio};

/// The process `root` and everything below it, parents first.
pub(super) fn tree(root: u32) -> Vec<u32> {
    let mut pids = vec![root];
    let mut at = 0;
    while at < pids.len() {
        pids.extend(children(pids[at]));
        at += 1;
    }
    pids
}

/// Ends the whole tree at once.
pub(super) fn end(root: u32) {
    let pids = tree(root).into_iter().map(|pid| pid.to_string());
    // Gone already is as good.
    let _ = Command::new("kill")
        .arg("-KILL")
        .args(pids)
        .stderr(Stdio::null())
        .status();
}

/// A process's name, processor time and memory, as Linux counts them.
#[derive(Clone, Debug)]
pub struct Process {
    /// Process id.
    pub pid: u32,
    /// Its whole command line, words parted by spaces.
    pub command: String,
    /// User and system time, its ended children's included, seconds.
    pub processor_s: f64,
    /// Memory that is its alone (unique set size), bytes.
    pub private_bytes: u64,
}

impl Process {
    /// What the system knows of `pid`; nothing where it has ended.
    pub(super) fn read(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in brackets may hold spaces; what follows has fixed places.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks: u64 = fields
            .get(11..15)?
            .iter()
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let private_kb: u64 = rollup
            .lines()
            .filter(|line| line.starts_with("Private_"))
            .filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
            .sum();
        let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        Some(Self {
            pid,
            command: String::from_utf8_lossy(&words).replace('\0', " "),
            // Linux fixes the unit of these fields at a hundredth of a second (USER_HZ).
            processor_s: ticks as f64 / 100.0,
            private_bytes: private_kb * 1024,
        })
    }
}

fn children(pid: u32) -> Vec<u32> {
    // A process's children are listed by the thread that made them.
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}
