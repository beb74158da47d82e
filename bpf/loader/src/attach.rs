//! Ways to attach a program. Each returns kernel links, which are destroyed when they are dropped.

use std::ffi::{CStr, OsStr, c_int, c_long, c_ulong};
use std::fs::File;
use std::mem::size_of;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::ptr;
use std::thread;

use libbpf_sys as sys;

use crate::object::errno;

const ENODEV: c_int = 19;
const ENOENT: c_int = 2;

pub const PERF_TYPE_SOFTWARE: u32 = 1;
const PERF_COUNT_SW_CPU_CLOCK: u64 = 0;
pub const PERF_FLAG_FD_CLOEXEC: c_ulong = 1 << 3;

#[cfg(target_arch = "x86_64")]
pub const SYS_PERF_EVENT_OPEN: c_long = 298;
#[cfg(target_arch = "aarch64")]
pub const SYS_PERF_EVENT_OPEN: c_long = 241;

unsafe extern "C" {
    pub fn syscall(number: c_long, ...) -> c_long;
    fn close(fd: c_int) -> c_int;
}

const STACK_BYTES: usize = 64 << 10;

/// Links may be destroyed on any thread.
struct Aside(#[allow(dead_code)] Attachment);
unsafe impl Send for Aside {}

/// One attachment: a link, or one per CPU.
pub struct Attachment {
    links: Vec<*mut sys::bpf_link>,
    /// To detach it takes long.
    is_slow: bool,
}

impl Attachment {
    fn of(link: *mut sys::bpf_link) -> Result<Attachment, c_int> {
        if link.is_null() { Err(errno()) } else { Ok(Attachment { links: vec![link], is_slow: false }) }
    }

    /// Attaches where the program's section says.
    pub fn section(program: *mut sys::bpf_program) -> Result<Attachment, c_int> {
        Self::of(unsafe { sys::bpf_program__attach(program) })
    }

    /// Attaches to all processes of the control group at `path`, and of those below it.
    pub fn cgroup(program: *mut sys::bpf_program, path: &CStr) -> Result<Attachment, c_int> {
        let path = OsStr::from_bytes(path.to_bytes());
        // The link keeps the group; the file may be closed.
        let folder = File::open(path).map_err(|error| error.raw_os_error().unwrap_or(ENOENT))?;
        Self::of(unsafe { sys::bpf_program__attach_cgroup(program, folder.as_raw_fd()) })
    }

    /// Attaches at an offset in an executable file, in one process or (pid -1) in all that run it.
    pub fn uprobe(
        program: *mut sys::bpf_program,
        path: &CStr,
        offset: u64,
        pid: c_int,
        at_return: bool,
    ) -> Result<Attachment, c_int> {
        Self::of(unsafe {
            sys::bpf_program__attach_uprobe(program, at_return, pid, path.as_ptr(), offset as sys::size_t)
        })
    }

    /// Attaches at several offsets in an executable file, in all processes that run it. The program is told the cookie of each. One
    /// whose section is `uprobe.session` runs at both ends of a function.
    pub fn uprobes(
        program: *mut sys::bpf_program,
        path: &CStr,
        offsets: &[u64],
        cookies: &[u64],
        at_return: bool,
    ) -> Result<Attachment, c_int> {
        let options = sys::bpf_uprobe_multi_opts {
            sz: size_of::<sys::bpf_uprobe_multi_opts>() as _,
            offsets: offsets.as_ptr(),
            cookies: cookies.as_ptr(),
            cnt: offsets.len() as _,
            retprobe: at_return,
            session: unsafe { sys::bpf_program__expected_attach_type(program) } == sys::BPF_TRACE_UPROBE_SESSION,
            ..Default::default()
        };
        let pattern = ptr::null();
        let link = unsafe { sys::bpf_program__attach_uprobe_multi(program, -1, path.as_ptr(), pattern, &options) };
        Self::of(link).map(|mut attachment| {
            attachment.is_slow = true;
            attachment
        })
    }

    /// Detaches; from several places on a thread of its own: the kernel waits there until no processor uses them any longer.
    pub fn detach(self) {
        if !self.is_slow {
            return;
        }
        let attachment = Aside(self);
        // Where no thread can be made, the closure is dropped at once, and the attachment with it.
        let _ = thread::Builder::new().name("nixie-detach".into()).stack_size(STACK_BYTES).spawn(move || {
            drop(attachment);
        });
    }

    /// Attaches to a clock that ticks `hertz` times a second on each online CPU while that is busy.
    pub fn cpu_clock(program: *mut sys::bpf_program, hertz: u64) -> Result<Attachment, c_int> {
        // On an error this is dropped, which detaches all attachments so far.
        let mut attachment = Attachment { links: Vec::new(), is_slow: false };
        for cpu in 0..unsafe { sys::libbpf_num_possible_cpus() } {
            let fd = match open_cpu_clock(cpu, hertz) {
                Err(ENODEV) => continue, // Offline.
                other => other?,
            };
            // The link closes the event.
            let link = unsafe { sys::bpf_program__attach_perf_event(program, fd) };
            if link.is_null() {
                let error = errno();
                unsafe { close(fd) };
                return Err(error);
            }
            attachment.links.push(link);
        }
        if attachment.links.is_empty() { Err(ENOENT) } else { Ok(attachment) }
    }
}

/// A counting event of all processes on one CPU (perf_event_open(2)).
fn open_cpu_clock(cpu: c_int, hertz: u64) -> Result<c_int, c_int> {
    let mut attributes = sys::perf_event_attr {
        type_: PERF_TYPE_SOFTWARE,
        size: size_of::<sys::perf_event_attr>() as u32,
        config: PERF_COUNT_SW_CPU_CLOCK,
        ..Default::default()
    };
    attributes.__bindgen_anon_1.sample_freq = hertz;
    attributes.set_freq(1);
    let (all_processes, no_group): (c_int, c_int) = (-1, -1);
    let fd = unsafe {
        syscall(SYS_PERF_EVENT_OPEN, &raw const attributes, all_processes, cpu, no_group, PERF_FLAG_FD_CLOEXEC)
    };
    if fd < 0 { Err(errno()) } else { Ok(fd as c_int) }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        for link in self.links.drain(..) {
            unsafe { sys::bpf_link__destroy(link) };
        }
    }
}
