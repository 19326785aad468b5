use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::JobLimits;

/// What keeps a process in its bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Confinement {
    /// Memory, processor time, files are limited.
    pub limits: bool,
    /// Landlock: only its scratch folder can be written, only system files read, no network.
    pub landlock: bool,
    /// seccomp: no sockets, no other programs, no looking into other processes.
    pub seccomp: bool,
}

impl std::fmt::Display for Confinement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = |on| if on { "on" } else { "absent" };
        write!(
            f,
            "limits {}, landlock {}, seccomp {}",
            word(self.limits),
            word(self.landlock),
            word(self.seccomp)
        )
    }
}

/// Confines this process for good; to be called while it has one thread.
///
/// What the kernel lacks is left out and said in the result.
///
/// # Errors
/// Where the kernel has a means and yet refuses it.
pub fn confine(scratch: &Path, limits: &JobLimits) -> io::Result<Confinement> {
    let confinement = Confinement {
        limits: limit(limits)?,
        ..Confinement::default()
    };
    #[cfg(target_os = "linux")]
    let confinement = Confinement {
        landlock: linux::landlock(scratch)?,
        seccomp: linux::seccomp()?,
        ..confinement
    };
    #[cfg(not(target_os = "linux"))]
    let _ = scratch;
    Ok(confinement)
}

/// What each thread may take of the address space without using it: its stack, an arena of glibc's allocator.
#[cfg(unix)]
const RESERVE_BYTES: u64 = 160 << 20;

#[cfg(unix)]
fn limit(limits: &JobLimits) -> io::Result<bool> {
    use nix::sys::resource::{Resource, setrlimit};

    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let space = limits.memory_bytes.saturating_add(RESERVE_BYTES * threads);
    // The clock on the wall is the parent's to watch; this ends a child whose parent is gone.
    let cpu_s = limits.time.as_secs().saturating_mul(threads).max(1);
    for (resource, soft, hard) in [
        (Resource::RLIMIT_AS, space, space),
        (Resource::RLIMIT_CPU, cpu_s, cpu_s.saturating_add(5)),
        (Resource::RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes),
        (
            Resource::RLIMIT_NOFILE,
            limits.open_files,
            limits.open_files,
        ),
        (Resource::RLIMIT_CORE, 0, 0),
    ] {
        setrlimit(resource, soft, hard)?;
    }
    Ok(true)
}

#[cfg(not(unix))]
fn limit(_: &JobLimits) -> io::Result<bool> {
    Ok(false)
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;
    use std::io;
    use std::path::Path;

    use landlock::{
        ABI, Access, AccessFs, AccessNet, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
        RulesetStatus, Scope, path_beneath_rules,
    };
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule,
    };

    /// What a graphics driver and the C library read. Of `/etc` only what they need: configurations hold secrets.
    const READ: [&str; 20] = [
        "/usr",
        "/lib",
        "/lib32",
        "/lib64",
        "/nix/store",
        "/proc",
        "/sys",
        "/dev",
        "/etc/ld.so.cache",
        "/etc/ld.so.preload",
        "/etc/ld.so.conf",
        "/etc/ld.so.conf.d",
        "/etc/vulkan",
        "/etc/glvnd",
        "/etc/egl",
        "/etc/drirc",
        "/etc/fonts",
        "/etc/localtime",
        "/etc/nsswitch.conf",
        "/etc/OpenCL",
    ];
    /// Devices that are written: graphics cards, and the one that swallows all.
    const WRITE: [&str; 7] = [
        "/dev/null",
        "/dev/dri",
        "/dev/shm",
        "/dev/nvidia0",
        "/dev/nvidiactl",
        "/dev/nvidia-modeset",
        "/dev/nvidia-uvm",
    ];

    /// The newest rules that are asked for; a kernel that knows fewer enforces those.
    const ASKED: ABI = ABI::V6;

    pub(super) fn landlock(scratch: &Path) -> io::Result<bool> {
        let all = AccessFs::from_all(ASKED);
        let read = AccessFs::from_read(ASKED);
        let device =
            AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev | AccessFs::ReadDir;
        let present = |paths: &[&'static str]| -> Vec<&'static str> {
            paths
                .iter()
                .copied()
                .filter(|path| Path::new(path).exists())
                .collect()
        };
        let ruleset = Ruleset::default()
            .set_compatibility(landlock::CompatLevel::BestEffort)
            .handle_access(all)
            .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(ASKED)))
            .and_then(|ruleset| ruleset.scope(Scope::from_all(ASKED)))
            .and_then(Ruleset::create)
            .and_then(|ruleset| ruleset.add_rules(path_beneath_rules(present(&READ), read)))
            .and_then(|ruleset| ruleset.add_rules(path_beneath_rules(present(&WRITE), device)))
            .and_then(|ruleset| ruleset.add_rules(path_beneath_rules([scratch], all)))
            .and_then(landlock::RulesetCreated::restrict_self)
            .map_err(io::Error::other)?;
        Ok(ruleset.ruleset != RulesetStatus::NotEnforced)
    }

    /// Calls that no decoder needs. They fail with `EPERM`; a library that tries one goes on without.
    const REFUSED: [i64; 32] = [
        // no network, no talking to services of this machine
        libc::SYS_socket,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_listen,
        // no other programs
        libc::SYS_execve,
        libc::SYS_execveat,
        // no other processes
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_getfd,
        libc::SYS_pidfd_send_signal,
        libc::SYS_kcmp,
        // no other view of the system
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_open_tree,
        libc::SYS_move_mount,
        libc::SYS_fsopen,
        // no corners of the kernel that break often
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_io_uring_setup,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_kexec_load,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
    ];

    pub(super) fn seccomp() -> io::Result<bool> {
        let Ok(machine) = std::env::consts::ARCH.try_into() else {
            return Ok(false); // a machine that the filter cannot be written for
        };
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
            REFUSED.into_iter().map(|call| (call, Vec::new())).collect();
        // Threads are made by clone; users of its own namespace are not.
        let new_user = SeccompCondition::new(
            0,
            SeccompCmpArgLen::Qword,
            SeccompCmpOp::MaskedEq(libc::CLONE_NEWUSER as u64),
            libc::CLONE_NEWUSER as u64,
        );
        let rule = new_user
            .and_then(|condition| SeccompRule::new(vec![condition]))
            .map_err(io::Error::other)?;
        rules.insert(libc::SYS_clone, vec![rule]);
        let refuse = SeccompAction::Errno(libc::EPERM as u32);
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, machine)
            .map_err(io::Error::other)?;
        let program = BpfProgram::try_from(filter).map_err(io::Error::other)?;
        match seccompiler::apply_filter(&program) {
            Ok(()) => Ok(true),
            // A kernel without it, or a container that does not let it through.
            Err(seccompiler::Error::Prctl(_) | seccompiler::Error::Seccomp(_)) => Ok(false),
            Err(error) => Err(io::Error::other(error)),
        }
    }
}
