//! Files that processes map as code, as perf_event_open(2) tells them (PERF_RECORD_MMAP2): programs at exec, libraries when they are
//! loaded. Each CPU has a small ring. Of several mappings of one file the newest is kept: many short-lived processes map
//! the same few.

use std::collections::HashMap;
use std::ffi::{c_int, c_long, c_ulong, c_void};
use std::mem::size_of;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering, fence};

use libbpf_sys as sys;

use crate::attach::{PERF_FLAG_FD_CLOEXEC, PERF_TYPE_SOFTWARE, SYS_PERF_EVENT_OPEN, syscall};
use crate::ring::{PROT_READ, PROT_WRITE, map_pages, munmap, page_size};

const PERF_COUNT_SW_DUMMY: u64 = 9;
const RECORD_LOST: u32 = 2;
const RECORD_MMAP2: u32 = 10;
/// Bytes of a record: its header, those before the path, and the largest of all.
const HEADER: usize = 8;
const FIXED: usize = 72;
const LARGEST: usize = 1 << 16;
/// Bytes of the longest record of a mapping: a path has PATH_MAX bytes at most.
const LONGEST_MAPPING: u64 = 4096 + 128;
const PROT_EXEC: u32 = 4;
/// Pages of a ring for records.
const PAGES: usize = 16;
/// Files that are kept until they are taken; more are lost.
const MOST_FILES: usize = 4096;

/// Offsets in the first page of a perf ring (struct perf_event_mmap_page).
const DATA_HEAD: usize = 1024;
const DATA_TAIL: usize = 1032;

struct CpuRing {
    _event: OwnedFd,
    pages: *mut c_void,
    mapped: usize,
    data: usize,
    bytes: usize,
}

impl CpuRing {
    fn open(cpu: c_int) -> Option<CpuRing> {
        let mut attributes = sys::perf_event_attr {
            type_: PERF_TYPE_SOFTWARE,
            size: size_of::<sys::perf_event_attr>() as u32,
            config: PERF_COUNT_SW_DUMMY,
            ..Default::default()
        };
        attributes.set_mmap(1);
        attributes.set_mmap2(1);
        // Nobody waits for it.
        attributes.set_watermark(1);
        attributes.__bindgen_anon_2.wakeup_watermark = u32::MAX;
        let (all_processes, no_group): (c_int, c_int) = (-1, -1);
        let fd = unsafe {
            let flags: c_ulong = PERF_FLAG_FD_CLOEXEC;
            syscall(SYS_PERF_EVENT_OPEN as c_long, &raw const attributes, all_processes, cpu, no_group, flags)
        };
        if fd < 0 {
            return None;
        }
        let event = unsafe { OwnedFd::from_raw_fd(fd as c_int) };
        let page = page_size();
        let bytes = PAGES * page;
        let mapped = page + bytes;
        let pages = map_pages(ptr::null_mut(), event.as_raw_fd(), mapped, PROT_READ | PROT_WRITE, 0)?;
        Some(CpuRing { _event: event, pages, mapped, data: page, bytes })
    }

    fn position(&self, at: usize) -> &AtomicU64 {
        unsafe { &*self.pages.cast::<u8>().add(at).cast::<AtomicU64>() }
    }

    /// Copies bytes from a position on, around the end of the ring.
    fn copy(&self, position: u64, into: &mut [u8]) {
        let data = unsafe { self.pages.cast::<u8>().add(self.data) };
        for (i, byte) in into.iter_mut().enumerate() {
            *byte = unsafe { *data.add((position as usize + i) % self.bytes) };
        }
    }

    /// Returns whether there may have been no room for a record: the kernel tells of lost ones only with the next that it writes.
    fn drain(&self, record: &mut Vec<u8>, mut visit: impl FnMut(u32, &[u8])) -> bool {
        let head = self.position(DATA_HEAD).load(Ordering::Acquire);
        let mut tail = self.position(DATA_TAIL).load(Ordering::Relaxed);
        let was_full = head - tail + LONGEST_MAPPING > self.bytes as u64;
        while tail < head {
            let mut header = [0u8; HEADER];
            self.copy(tail, &mut header);
            let kind = u32::from_le_bytes(header[0..4].try_into().unwrap());
            let size = u16::from_le_bytes(header[6..8].try_into().unwrap()) as usize;
            if size < HEADER || size > LARGEST || size as u64 > head - tail {
                tail = head;
                break;
            }
            record.resize(size, 0);
            self.copy(tail, record);
            visit(kind, record);
            tail += size as u64;
        }
        fence(Ordering::SeqCst);
        self.position(DATA_TAIL).store(tail, Ordering::Release);
        was_full
    }
}

impl Drop for CpuRing {
    fn drop(&mut self) {
        unsafe { munmap(self.pages, self.mapped) };
    }
}

/// Major and minor number of the device, and inode.
type File = (u32, u32, u64);

pub struct Mappings {
    rings: Vec<CpuRing>,
    record: Vec<u8>,
    text: Vec<u8>,
}

impl Mappings {
    pub fn open() -> Option<Mappings> {
        let cpus = unsafe { sys::libbpf_num_possible_cpus() };
        let rings: Vec<_> = (0..cpus).filter_map(CpuRing::open).collect();
        (!rings.is_empty()).then(|| Mappings { rings, record: Vec::new(), text: Vec::new() })
    }

    /// Puts together `PID MAJOR MINOR INODE PATH` and a NUL for each file, and `lost` and a NUL if some are missing. Returns the length.
    pub fn take(&mut self) -> usize {
        let mut files: HashMap<File, (u32, Vec<u8>)> = HashMap::new();
        let mut lost = false;
        let Mappings { rings, record, text } = self;
        for ring in rings.iter() {
            let was_full = ring.drain(record, |kind, record| match kind {
                RECORD_LOST => lost = true,
                RECORD_MMAP2 if record.len() > FIXED => {
                    let Some((file, pid, path)) = parse(record) else { return };
                    if files.len() >= MOST_FILES && !files.contains_key(&file) {
                        lost = true;
                    } else {
                        files.insert(file, (pid, path.to_vec()));
                    }
                }
                _ => {}
            });
            lost |= was_full;
        }
        text.clear();
        for ((major, minor, inode), (pid, path)) in files {
            text.extend_from_slice(format!("{pid} {major} {minor} {inode} ").as_bytes());
            text.extend_from_slice(&path);
            text.push(0);
        }
        if lost {
            text.extend_from_slice(b"lost\0");
        }
        text.len()
    }

    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

/// Header · pid, tid (u32) · address, length, page offset (u64) · major, minor (u32) · inode, generation (u64) · protection, flags (u32) · path.
fn parse(record: &[u8]) -> Option<(File, u32, &[u8])> {
    let u32_at = |at: usize| u32::from_le_bytes(record[at..at + 4].try_into().unwrap());
    let u64_at = |at: usize| u64::from_le_bytes(record[at..at + 8].try_into().unwrap());
    let path = &record[FIXED..];
    let path = &path[..path.iter().position(|&byte| byte == 0).unwrap_or(path.len())];
    let file = (u32_at(40), u32_at(44), u64_at(48));
    let is_code_of_a_file = u32_at(64) & PROT_EXEC != 0 && file.2 != 0 && path.starts_with(b"/");
    is_code_of_a_file.then_some((file, u32_at(8), path))
}
