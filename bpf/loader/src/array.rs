//! The values of an array map in our own memory (BPF_F_MMAPABLE), read and written without a system call.
//!
//! In the map's system calls the kernel counts the processor as one on which a BPF program runs
//! (`bpf_disable_instrumentation`), and skips every classic tracepoint program there (`trace_call_bpf`) until the call
//! is over. A task that is preempted in one would cost the other tasks' events for a whole time slice.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use libbpf_sys as sys;

use crate::ring::{PROT_READ, PROT_WRITE, map_pages, munmap, page_size};

const WORD: usize = size_of::<u64>();

pub struct Array {
    values: *mut c_void,
    mapped: usize,
    value_size: usize,
    count: usize,
}

impl Array {
    /// `None` for a map that isn't an array to be mapped.
    pub fn open(fd: c_int) -> Option<Array> {
        let mut info = sys::bpf_map_info::default();
        let mut size = size_of::<sys::bpf_map_info>() as u32;
        if unsafe { sys::bpf_map_get_info_by_fd(fd, &mut info, &mut size) } != 0 {
            return None;
        }
        let (value_size, count) = (info.value_size as usize, info.max_entries as usize);
        if info.type_ != sys::BPF_MAP_TYPE_ARRAY || value_size % size_of::<u32>() != 0 {
            return None;
        }
        let mapped = (value_size.next_multiple_of(WORD) * count).next_multiple_of(page_size());
        let values = map_pages(std::ptr::null_mut(), fd, mapped, PROT_READ | PROT_WRITE, 0)?;
        Some(Array { values, mapped, value_size, count })
    }

    fn at(&self, index: u32) -> Option<*mut u8> {
        let offset = index as usize * self.value_size.next_multiple_of(WORD);
        ((index as usize) < self.count).then(|| unsafe { self.values.cast::<u8>().add(offset) })
    }

    /// Copies a value out, each of its words at once; false when there is no such index.
    ///
    /// # Safety
    /// `value` must have room for one.
    pub unsafe fn get(&self, index: u32, value: *mut u8) -> bool {
        let Some(from) = self.at(index) else { return false };
        let words = self.value_size / WORD;
        for word in (0..words).map(|word| word * WORD) {
            let read = unsafe { &*from.add(word).cast::<AtomicU64>() }.load(Ordering::Relaxed);
            unsafe { value.add(word).cast::<u64>().write_unaligned(read) };
        }
        if self.value_size % WORD != 0 {
            let read = unsafe { &*from.add(words * WORD).cast::<AtomicU32>() }.load(Ordering::Relaxed);
            unsafe { value.add(words * WORD).cast::<u32>().write_unaligned(read) };
        }
        true
    }

    /// Copies a value in, each of its words at once; false when there is no such index.
    ///
    /// # Safety
    /// `value` must be one.
    pub unsafe fn set(&self, index: u32, value: *const u8) -> bool {
        let Some(to) = self.at(index) else { return false };
        let words = self.value_size / WORD;
        for word in (0..words).map(|word| word * WORD) {
            let new = unsafe { value.add(word).cast::<u64>().read_unaligned() };
            unsafe { &*to.add(word).cast::<AtomicU64>() }.store(new, Ordering::Relaxed);
        }
        if self.value_size % WORD != 0 {
            let new = unsafe { value.add(words * WORD).cast::<u32>().read_unaligned() };
            unsafe { &*to.add(words * WORD).cast::<AtomicU32>() }.store(new, Ordering::Relaxed);
        }
        true
    }
}

impl Drop for Array {
    fn drop(&mut self) {
        unsafe { munmap(self.values, self.mapped) };
    }
}
