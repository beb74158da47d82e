//! The consumer's side of a BPF ring buffer (kernel's Documentation/bpf/ringbuf.rst), read in place.
//!
//! Layout: a page with the consumer's position (ours to write), a page with the producer's, then the data. The kernel
//! maps the data twice in a row so that a record never breaks; mapping it once halves what the ring adds to
//! our resident memory, and the one record that goes round the end is copied.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

const PROT_READ: c_int = 1;
const PROT_WRITE: c_int = 2;
const MAP_SHARED: c_int = 1;
const SC_PAGESIZE: c_int = 30;

const HEADER: usize = 8;
const BUSY: u32 = 1 << 31;
const FLAGS: u32 = BUSY | 1 << 30;

unsafe extern "C" {
    fn mmap(at: *mut c_void, size: usize, protection: c_int, flags: c_int, fd: c_int, offset: i64) -> *mut c_void;
    fn munmap(at: *mut c_void, size: usize) -> c_int;
    fn sysconf(name: c_int) -> i64;
}

pub struct Ring {
    consumer: *mut c_void,
    producer: *mut c_void,
    page: usize,
    size: usize,
    position: usize,
    wrapped: Vec<u8>,
}

fn map_pages(fd: c_int, size: usize, protection: c_int, offset: usize) -> Option<*mut c_void> {
    let at = unsafe { mmap(ptr::null_mut(), size, protection, MAP_SHARED, fd, offset as i64) };
    (at as isize != -1).then_some(at)
}

impl Ring {
    pub fn open(fd: c_int, size: usize) -> Option<Ring> {
        let page = unsafe { sysconf(SC_PAGESIZE) } as usize;
        if !size.is_power_of_two() || size < page {
            return None;
        }
        let consumer = map_pages(fd, page, PROT_READ | PROT_WRITE, 0)?;
        let Some(producer) = map_pages(fd, page + size, PROT_READ, page) else {
            unsafe { munmap(consumer, page) };
            return None;
        };
        let mut ring = Ring { consumer, producer, page, size, position: 0, wrapped: vec![0; 64 << 10] };
        ring.position = ring.consumer_position().load(Ordering::Acquire);
        Some(ring)
    }

    fn consumer_position(&self) -> &AtomicUsize {
        unsafe { &*self.consumer.cast::<AtomicUsize>() }
    }

    fn producer_position(&self) -> &AtomicUsize {
        unsafe { &*self.producer.cast::<AtomicUsize>() }
    }

    pub fn data(&self) -> *const u8 {
        unsafe { self.producer.cast::<u8>().add(self.page) }
    }

    pub fn wrapped(&self) -> *const u8 {
        self.wrapped.as_ptr()
    }

    /// Bytes that the record at a position takes, header and padding included; `None` while it is being written.
    fn record(&self, position: usize) -> Option<usize> {
        let at = position & (self.size - 1);
        let header = unsafe { &*self.data().add(at).cast::<AtomicU32>() }.load(Ordering::Acquire);
        (header & BUSY == 0).then(|| (HEADER + (header & !FLAGS) as usize + 7) & !7)
    }

    /// Start (`None`: the copy) and length of a run of whole records.
    pub fn peek(&mut self) -> (Option<usize>, usize) {
        let written = self.producer_position().load(Ordering::Acquire);
        let start = self.position & (self.size - 1);
        let mut bytes = 0;
        while self.position + bytes < written {
            let Some(length) = self.record(self.position + bytes) else { break };
            if start + bytes + length > self.size {
                if bytes == 0 {
                    return (None, self.unwrap_record(start, length));
                }
                break;
            }
            bytes += length;
        }
        (Some(start), bytes)
    }

    fn unwrap_record(&mut self, start: usize, length: usize) -> usize {
        if length > self.wrapped.len() {
            self.wrapped.resize(length, 0);
        }
        let first = self.size - start;
        unsafe {
            ptr::copy_nonoverlapping(self.data().add(start), self.wrapped.as_mut_ptr(), first);
            ptr::copy_nonoverlapping(self.data(), self.wrapped.as_mut_ptr().add(first), length - first);
        }
        length
    }

    pub fn release(&mut self, bytes: usize) {
        self.position += bytes;
        self.consumer_position().store(self.position, Ordering::Release);
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        unsafe {
            munmap(self.consumer, self.page);
            munmap(self.producer, self.page + self.size);
        }
    }
}
