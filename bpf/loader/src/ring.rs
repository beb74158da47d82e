//! The consumer's side of a BPF ring buffer (kernel's Documentation/bpf/ringbuf.rst), read in place.
//!
//! Layout: a page with the consumer's position (ours to write), a page with the producer's, then the data, which the
//! kernel lays out twice in a row so that a record never breaks. The kernel fills a mapping's page tables at once, and
//! all of it counts as our resident memory. So only a window is mapped, always at the same address, and moved on when
//! the next record doesn't lie in it completely: once for each window full of data.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

pub const PROT_READ: c_int = 1;
pub const PROT_WRITE: c_int = 2;
const MAP_SHARED: c_int = 1;
const MAP_FIXED: c_int = 0x10;
const SC_PAGESIZE: c_int = 30;

/// Moving costs a few microseconds per 100 KiB; at 40 MB/s this one moves 40 times a second.
const WINDOW: usize = 1 << 20;

const HEADER: usize = 8;
const BUSY: u32 = 1 << 31;
const FLAGS: u32 = BUSY | 1 << 30;

unsafe extern "C" {
    fn mmap(at: *mut c_void, size: usize, protection: c_int, flags: c_int, fd: c_int, offset: i64) -> *mut c_void;
    pub fn munmap(at: *mut c_void, size: usize) -> c_int;
    fn sysconf(name: c_int) -> i64;
}

pub struct Ring {
    fd: c_int,
    consumer: *mut c_void,
    producer: *mut c_void,
    window: *mut c_void,
    page: usize,
    size: usize,
    /// The positions of the window's first byte and of the next record to be taken.
    window_at: usize,
    position: usize,
}

/// Maps a part of a map's memory, at an address or (null) anywhere; `None` when the kernel refuses.
pub fn map_pages(at: *mut c_void, fd: c_int, size: usize, protection: c_int, offset: usize) -> Option<*mut c_void> {
    let fixed = if at.is_null() { 0 } else { MAP_FIXED };
    let mapped = unsafe { mmap(at, size, protection, MAP_SHARED | fixed, fd, offset as i64) };
    (mapped as isize != -1).then_some(mapped)
}

pub fn page_size() -> usize {
    unsafe { sysconf(SC_PAGESIZE) as usize }
}

impl Ring {
    pub fn open(fd: c_int, size: usize) -> Option<Ring> {
        let page = page_size();
        if !size.is_power_of_two() || size < page {
            return None;
        }
        let nothing = ptr::null_mut();
        let consumer = map_pages(nothing, fd, page, PROT_READ | PROT_WRITE, 0)?;
        // If it is dropped on failure, it unmaps what is mapped by then.
        let mut ring = Ring { fd, consumer, producer: nothing, window: nothing, page, size, window_at: 0, position: 0 };
        ring.producer = map_pages(nothing, fd, page, PROT_READ, page)?;
        ring.position = ring.consumer_position().load(Ordering::Acquire);
        ring.move_window().then_some(ring)
    }

    /// Moves the window to begin with the page of the next record.
    fn move_window(&mut self) -> bool {
        let at = self.position & !(self.page - 1);
        let offset = 2 * self.page + (at & (self.size - 1));
        match map_pages(self.window, self.fd, self.window_size(), PROT_READ, offset) {
            Some(window) => {
                self.window = window;
                self.window_at = at;
                true
            }
            None => false,
        }
    }

    pub fn window_size(&self) -> usize {
        WINDOW.min(self.size)
    }

    fn consumer_position(&self) -> &AtomicUsize {
        unsafe { &*self.consumer.cast::<AtomicUsize>() }
    }

    fn producer_position(&self) -> &AtomicUsize {
        unsafe { &*self.producer.cast::<AtomicUsize>() }
    }

    pub fn window(&self) -> *const u8 {
        self.window.cast()
    }

    /// Bytes that the record at an offset of the window takes, header and padding included; `None` while it is being
    /// written. Its header lies in the window: records are aligned to its size.
    fn record(&self, offset: usize) -> Option<usize> {
        let header = unsafe { &*self.window().add(offset).cast::<AtomicU32>() }.load(Ordering::Acquire);
        (header & BUSY == 0).then(|| (HEADER + (header & !FLAGS) as usize + 7) & !7)
    }

    /// Bytes that are written and not yet released.
    pub fn waiting(&self) -> usize {
        self.producer_position().load(Ordering::Acquire) - self.position
    }

    /// The offset in the window and the length of a run of at most so many whole records.
    pub fn peek(&mut self, most: usize) -> (usize, usize) {
        let waiting = self.waiting();
        let run = self.run(waiting, most);
        // A record waits and is not whole: it is being written, or goes beyond the window.
        if run == 0 && waiting > 0 && self.window_at != self.position & !(self.page - 1) && self.move_window() {
            return (self.position - self.window_at, self.run(waiting, most));
        }
        (self.position - self.window_at, run)
    }

    /// Each header costs a fetch of a cache line, so only headers of records that will be read are touched.
    fn run(&self, waiting: usize, most: usize) -> usize {
        let start = self.position - self.window_at;
        let mut bytes = 0;
        for _ in 0..most {
            if bytes >= waiting || start + bytes >= self.window_size() {
                break;
            }
            let Some(length) = self.record(start + bytes) else { break };
            if start + bytes + length > self.window_size() {
                break;
            }
            bytes += length;
        }
        bytes
    }

    pub fn release(&mut self, bytes: usize) {
        self.position += bytes;
        self.consumer_position().store(self.position, Ordering::Release);
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        for (at, size) in [(self.consumer, self.page), (self.producer, self.page), (self.window, self.window_size())] {
            if !at.is_null() {
                unsafe { munmap(at, size) };
            }
        }
    }
}
