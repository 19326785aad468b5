use std::collections::{HashMap, HashSet};

use futures::{StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};
use xoay_format::Text;

use super::Kept;
use crate::Error;
use crate::catalogue::{References, Stored};
use crate::store::{Listed, Objects};

/// Objects that are read at the same time.
const AT_ONCE: usize = 4;
/// Faults that are named; the rest are counted.
const NAMED: usize = 1000;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// Objects whose every byte was read and has the hash that its name says.
    pub sound: u64,
    /// Their bytes.
    pub sound_bytes: u64,
    /// Objects that no row names: left by cut uploads, replaced photos, failed jobs.
    pub orphans: u64,
    /// Their bytes.
    pub orphan_bytes: u64,
    /// What is wrong, the first thousand.
    pub faults: Vec<Fault>,
    /// How many things are wrong.
    pub fault_count: u64,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The bytes are not those that were stored.
    Damaged {
        /// Where it lies in the store.
        path: String,
        /// Who needs it; nothing where nobody does.
        holder: Option<String>,
    },
    /// It is not there.
    Missing {
        /// Its name.
        name: String,
        /// Who needs it.
        holder: String,
    },
    /// It cannot be read.
    Unreadable {
        /// Where it lies in the store.
        path: String,
        /// What the store said.
        reason: String,
    },
    /// It lies among the objects and is none.
    Foreign {
        /// Where it lies in the store.
        path: String,
    },
}

impl Fault {
    /// What is wrong, and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Damaged { path, holder } => {
                let holder = holder.as_deref().unwrap_or("-");
                Text::new(
                    format!(
                        "{path}: các byte không khớp mã băm ({holder}); hãy khôi phục từ bản sao lưu, hoặc tải lên hay tạo lại"
                    ),
                    format!(
                        "{path}: its bytes do not have its hash ({holder}); restore it from a backup, or upload or make it again"
                    ),
                )
            }
            Self::Missing { name, holder } => Text::new(
                format!(
                    "{name}: không có trong kho ({holder}); hãy khôi phục từ bản sao lưu, hoặc tải lên hay tạo lại"
                ),
                format!(
                    "{name}: it is not in the store ({holder}); restore it from a backup, or upload or make it again"
                ),
            ),
            Self::Unreadable { path, reason } => Text::new(
                format!("{path}: không đọc được: {reason}"),
                format!("{path}: it cannot be read: {reason}"),
            ),
            Self::Foreign { path } => Text::new(
                format!("{path}: không phải tệp của dịch vụ; hãy chuyển đi nơi khác"),
                format!("{path}: it is not the service's; move it away"),
            ),
        }
    }
}

/// Who needs what, by its name.
type Wanted = HashMap<Stored, String>;

/// Reads every byte of the store and compares it with its hash, and the database's rows with what is there.
///
/// A running service may go on; what it writes meanwhile is not looked at. `tell` gets the number of objects read so far.
///
/// # Errors
/// A database or store that cannot be opened or listed.
pub async fn verify(kept: Kept<'_>, tell: impl Fn(u64) + Send + Sync) -> anyhow::Result<Verified> {
    let (catalogue, objects) = kept.open().await?;
    Ok(verify_with(&*catalogue, &objects, tell).await?)
}

pub(super) async fn verify_with(
    catalogue: &dyn References,
    objects: &Objects,
    tell: impl Fn(u64) + Send + Sync,
) -> Result<Verified, Error> {
    // Rows first: whatever they name was stored before them.
    let mut wanted = Wanted::new();
    catalogue
        .each_reference(&mut |reference| {
            wanted.entry(reference.stored).or_insert(reference.holder);
        })
        .await?;
    let mut found = HashSet::new();
    let mut verified = Verified::default();
    let mut checked = objects
        .list()
        .map_ok(|listed| async {
            let verdict = check(objects, &listed).await;
            Ok((listed, verdict))
        })
        .try_buffer_unordered(AT_ONCE);
    let mut read = 0;
    while let Some((listed, verdict)) = checked.try_next().await? {
        read += 1;
        tell(read);
        let holder = listed.stored.as_ref().and_then(|stored| wanted.get(stored));
        verified.take_in(&listed, verdict, holder);
        if let Some(stored) = listed.stored {
            found.insert(stored);
        }
    }
    drop(checked);
    for (stored, holder) in wanted {
        if !found.contains(&stored) {
            let name = match stored {
                Stored::Object(key) => key.to_string(),
                Stored::Part(name) => format!("uploads/{name}"),
            };
            verified.fault(Fault::Missing { name, holder });
        }
    }
    Ok(verified)
}

/// What reading an object said of it.
enum Verdict {
    Sound,
    Damaged,
    Gone,
    Unreadable(String),
    Foreign,
}

async fn check(objects: &Objects, listed: &Listed) -> Verdict {
    let Some(stored) = &listed.stored else {
        return Verdict::Foreign;
    };
    let mut body = match objects.get_stored(stored).await {
        Ok(Some(body)) => body,
        Ok(None) => return Verdict::Gone,
        Err(error) => return Verdict::Unreadable(error.to_string()),
    };
    let mut hasher = Sha256::new();
    let mut size_bytes = 0;
    loop {
        match body.next().await {
            None => break,
            Some(Ok(bytes)) => {
                size_bytes += bytes.len() as u64;
                hasher.update(&bytes);
            }
            Some(Err(error)) => return Verdict::Unreadable(error.to_string()),
        }
    }
    let same = match stored {
        Stored::Object(key) => hex::encode(hasher.finalize()) == key.hash(),
        // A piece has no hash of its own: the whole is checked when it is joined.
        Stored::Part(_) => size_bytes == listed.size_bytes,
    };
    if same {
        Verdict::Sound
    } else {
        Verdict::Damaged
    }
}

impl Verified {
    fn take_in(&mut self, listed: &Listed, verdict: Verdict, holder: Option<&String>) {
        let path = listed.path.clone();
        match verdict {
            Verdict::Sound => {
                self.sound += 1;
                self.sound_bytes += listed.size_bytes;
            }
            Verdict::Gone => return,
            Verdict::Foreign => return self.fault(Fault::Foreign { path }),
            Verdict::Unreadable(reason) => return self.fault(Fault::Unreadable { path, reason }),
            Verdict::Damaged => self.fault(Fault::Damaged {
                path,
                holder: holder.cloned(),
            }),
        }
        if holder.is_none() {
            self.orphans += 1;
            self.orphan_bytes += listed.size_bytes;
        }
    }

    fn fault(&mut self, fault: Fault) {
        self.fault_count += 1;
        if self.faults.len() < NAMED {
            self.faults.push(fault);
        }
    }

    /// Whether nothing is wrong; orphans are no fault.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.fault_count == 0
    }
}
