//! Tells when a ring fills. BPF programs wake their reader only when much waits (`bpf/lib/wake.bpf.h`); a thread sleeps until then, and
//! writes a byte into a pipe, which an event loop can wait for. The thread does not read the ring.

use std::ffi::c_int;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const CLOEXEC: c_int = 0o2000000;
const NONBLOCK: c_int = 0o4000;
const EPOLL_CTL_ADD: c_int = 1;
const EPOLLIN: u32 = 1;
/// The state of a ring at the beginning is ignored: only its wake-ups count.
const EPOLLET: u32 = 1 << 31;
const EINTR: c_int = 4;

/// After one byte the next is written only when the reader could have drained the ring.
const PAUSE: Duration = Duration::from_millis(5);
const STACK_BYTES: usize = 64 << 10;

#[repr(C)]
#[cfg_attr(target_arch = "x86_64", repr(packed))]
struct Event {
    events: u32,
    data: u64,
}

const RING: u64 = 0;
const END: u64 = 1;

unsafe extern "C" {
    fn epoll_create1(flags: c_int) -> c_int;
    fn epoll_ctl(epoll: c_int, operation: c_int, fd: c_int, event: *mut Event) -> c_int;
    fn epoll_wait(epoll: c_int, events: *mut Event, most: c_int, milliseconds: c_int) -> c_int;
    fn pipe2(ends: *mut c_int, flags: c_int) -> c_int;
    fn write(fd: c_int, bytes: *const u8, size: usize) -> isize;
}

fn pipe() -> Option<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    let made = unsafe { pipe2(ends.as_mut_ptr(), CLOEXEC | NONBLOCK) } == 0;
    made.then(|| unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) })
}

fn add(epoll: &OwnedFd, fd: c_int, events: u32, data: u64) -> bool {
    let mut event = Event { events, data };
    unsafe { epoll_ctl(epoll.as_raw_fd(), EPOLL_CTL_ADD, fd, &mut event) == 0 }
}

pub struct Watch {
    /// Closing it ends the thread.
    life: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Watches rings by their maps. The other value is the reading end of the pipe, which the caller owns.
    pub fn open(rings: &[c_int]) -> Option<(Watch, OwnedFd)> {
        let epoll = unsafe { epoll_create1(CLOEXEC) };
        if epoll < 0 {
            return None;
        }
        let epoll = unsafe { OwnedFd::from_raw_fd(epoll) };
        let (ended, life) = pipe()?;
        let (told, tell) = pipe()?;
        let all_added = rings.iter().all(|&ring| add(&epoll, ring, EPOLLIN | EPOLLET, RING));
        if !all_added || !add(&epoll, ended.as_raw_fd(), EPOLLIN, END) {
            return None;
        }
        let thread = thread::Builder::new().name("nixie-rings".into()).stack_size(STACK_BYTES);
        let thread = thread.spawn(move || pass_on(&epoll, &tell, ended)).ok()?;
        Some((Watch { life: Some(life), thread: Some(thread) }, told))
    }
}

/// `_ended` must live while the thread waits for it.
fn pass_on(epoll: &OwnedFd, tell: &OwnedFd, _ended: OwnedFd) {
    loop {
        let mut event = Event { events: 0, data: RING };
        let found = unsafe { epoll_wait(epoll.as_raw_fd(), &mut event, 1, -1) };
        if found == 1 && event.data == END {
            return;
        }
        if found == 1 {
            // A full pipe wakes the reader too.
            unsafe { write(tell.as_raw_fd(), [0].as_ptr(), 1) };
            thread::sleep(PAUSE);
        } else if std::io::Error::last_os_error().raw_os_error() != Some(EINTR) {
            return;
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.life = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
