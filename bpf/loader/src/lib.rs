//! libbpf behind a few C functions: open from memory, set knobs, load, attach and detach, use and share maps, read the ring. No policy.
//!
//! Every function returns a negative errno on failure; `nixie_log` has the message. Incoming pointers are
//! only read up to the length that comes with them. One thread at a time may use an object.

mod array;
mod attach;
mod leftovers;
mod log;
mod mappings;
mod object;
mod ring;
mod watch;

use std::ffi::{CStr, c_char, c_int, c_void};
use std::os::fd::IntoRawFd;
use std::slice;

use array::Array;
use mappings::Mappings;
use object::Object;
use ring::Ring;
use watch::Watch;

const EINVAL: c_int = 22;

/// The text of a NUL-terminated argument; `None` when it is null or not UTF-8.
unsafe fn text<'a>(pointer: *const c_char) -> Option<&'a CStr> {
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) })
}

fn answer(result: Result<c_int, c_int>) -> c_int {
    result.unwrap_or_else(|errno| -errno)
}

/// Copies the messages of libbpf and the verifier since the last call, or their end when they don't fit; returns the length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_log(buffer: *mut u8, size: usize) -> usize {
    let said = log::take();
    let tail = &said.as_bytes()[said.len().saturating_sub(size)..];
    if !buffer.is_null() {
        unsafe { slice::from_raw_parts_mut(buffer, tail.len()) }.copy_from_slice(tail);
    }
    tail.len()
}

/// Opens an object file that lies in memory; null when it can't be.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_open(bytes: *const u8, size: usize) -> *mut Object {
    log::listen();
    if bytes.is_null() {
        return std::ptr::null_mut();
    }
    match Object::open(unsafe { slice::from_raw_parts(bytes, size) }) {
        Some(object) => leftovers::give(object),
        None => std::ptr::null_mut(),
    }
}

/// Detaches, unloads and frees the object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_close(object: *mut Object) {
    unsafe { leftovers::close(object) };
}

/// Closes every object and ring of a thread that was ended. Returns how many there were.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_close_all() -> c_int {
    unsafe { leftovers::close_all() as c_int }
}

/// Sets a `const volatile` variable before loading; `size` must be the variable's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_set_knob(
    object: *mut Object,
    name: *const c_char,
    value: *const u8,
    size: usize,
) -> c_int {
    let (Some(object), Some(name)) = (unsafe { object.as_mut() }, unsafe { text(name) }) else {
        return -EINVAL;
    };
    answer(object.set_knob(name, unsafe { slice::from_raw_parts(value, size) }))
}

/// Excludes a program from loading, or includes it again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_set_autoload(object: *mut Object, program: *const c_char, load: bool) -> c_int {
    match (unsafe { object.as_mut() }, unsafe { text(program) }) {
        (Some(object), Some(program)) => answer(object.set_autoload(program, load)),
        _ => -EINVAL,
    }
}

/// Resizes a map before loading: entries, or bytes of a ring.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_set_max_entries(object: *mut Object, map: *const c_char, entries: u32) -> c_int {
    match (unsafe { object.as_mut() }, unsafe { text(map) }) {
        (Some(object), Some(map)) => answer(object.set_max_entries(map, entries)),
        _ => -EINVAL,
    }
}

/// Creates the maps and lets the kernel verify the programs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_load(object: *mut Object) -> c_int {
    unsafe { object.as_mut() }.map_or(-EINVAL, |object| answer(object.load()))
}

/// Uses another object's map as a map of this one: `fd` is that map's descriptor. Call it before loading.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_reuse_map(object: *mut Object, map: *const c_char, fd: c_int) -> c_int {
    match (unsafe { object.as_mut() }, unsafe { text(map) }) {
        (Some(object), Some(map)) => answer(object.reuse_map(map, fd)),
        _ => -EINVAL,
    }
}

/// Attaches one program where its section says. Returns the attachment's number, to detach it; it stays until then, or
/// until the object is closed. So do the three functions below.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_attach(object: *mut Object, program: *const c_char) -> c_int {
    match (unsafe { object.as_mut() }, unsafe { text(program) }) {
        (Some(object), Some(program)) => answer(object.attach(program)),
        _ => -EINVAL,
    }
}

/// Attaches a uprobe program at an offset in the file at `path`, in the process `pid` or, with -1, in all that run the file;
/// at a function's return when `at_return`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_attach_uprobe(
    object: *mut Object,
    program: *const c_char,
    path: *const c_char,
    offset: u64,
    pid: c_int,
    at_return: bool,
) -> c_int {
    match (unsafe { object.as_mut() }, unsafe { text(program) }, unsafe { text(path) }) {
        (Some(object), Some(program), Some(path)) => {
            answer(object.attach_uprobe(program, path, offset, pid, at_return))
        }
        _ => -EINVAL,
    }
}

/// Attaches a program of a section `uprobe.multi` or `uretprobe.multi` (`at_return`) at `count` offsets in the file at `path`, in all
/// processes that run it. Each has a cookie, which the program is told. Linux 6.6.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_attach_uprobes(
    object: *mut Object,
    program: *const c_char,
    path: *const c_char,
    offsets: *const u64,
    cookies: *const u64,
    count: u32,
    at_return: bool,
) -> c_int {
    let (Some(object), Some(program), Some(path)) = (unsafe { object.as_mut() }, unsafe { text(program) }, unsafe {
        text(path)
    }) else {
        return -EINVAL;
    };
    let (offsets, cookies) =
        unsafe { (slice::from_raw_parts(offsets, count as usize), slice::from_raw_parts(cookies, count as usize)) };
    answer(object.attach_uprobes(program, path, offsets, cookies, at_return))
}

/// Attaches a perf_event program to a clock of `hertz` on each CPU that is online now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_attach_cpu_clock(object: *mut Object, program: *const c_char, hertz: u64) -> c_int {
    match (unsafe { object.as_mut() }, unsafe { text(program) }) {
        (Some(object), Some(program)) => answer(object.attach_cpu_clock(program, hertz)),
        _ => -EINVAL,
    }
}

/// Attaches a program to all processes of the control group at `path`, and of those below it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_attach_cgroup(object: *mut Object, program: *const c_char, path: *const c_char) -> c_int {
    match (unsafe { object.as_mut() }, unsafe { text(program) }, unsafe { text(path) }) {
        (Some(object), Some(program), Some(path)) => answer(object.attach_cgroup(program, path)),
        _ => -EINVAL,
    }
}

/// Detaches an attachment of the four functions above; -ENOENT when it no longer exists.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_detach(object: *mut Object, attachment: c_int) -> c_int {
    unsafe { object.as_mut() }.map_or(-EINVAL, |object| answer(object.detach(attachment)))
}

/// Runs an iterator program once, to its end; over the values of `map` when it is not null. Returns how many bytes it wrote.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_iterate(object: *mut Object, program: *const c_char, map: *const c_char) -> c_int {
    match (unsafe { object.as_mut() }, unsafe { text(program) }) {
        (Some(object), Some(program)) => answer(object.iterate(program, unsafe { text(map) })),
        _ => -EINVAL,
    }
}

/// Runs of the object's programs that the kernel skipped since the load.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_missed_runs(object: *const Object) -> u64 {
    unsafe { object.as_ref() }.map_or(0, Object::missed_runs)
}

/// The address of those bytes; valid until an iterator of the object runs again or the object is closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_output(object: *const Object) -> *const u8 {
    unsafe { object.as_ref() }.map_or(std::ptr::null(), |object| object.output().as_ptr())
}

/// The file descriptor of a loaded map, for the calls below.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_map(object: *mut Object, map: *const c_char) -> c_int {
    match (unsafe { object.as_mut() }, unsafe { text(map) }) {
        (Some(object), Some(map)) => answer(object.map_fd(map)),
        _ => -EINVAL,
    }
}

/// Copies the value of a key. `value` must have room for a value of the map, per CPU for a per-CPU map.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_map_get(map: c_int, key: *const c_void, value: *mut c_void) -> c_int {
    unsafe { libbpf_sys::bpf_map_lookup_elem(map, key, value) }
}

/// Sets the value of a key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_map_set(map: c_int, key: *const c_void, value: *const c_void) -> c_int {
    unsafe { libbpf_sys::bpf_map_update_elem(map, key, value, 0) }
}

/// Deletes a key; -ENOENT when there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_map_delete(map: c_int, key: *const c_void) -> c_int {
    unsafe { libbpf_sys::bpf_map_delete_elem(map, key) }
}

/// Copies up to `count` entries of a hash map into `keys` and `values`, from `batch` on (null first; then the
/// `next` of the call before). Returns how many; less than `count` at the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_map_batch(
    map: c_int,
    batch: *mut c_void,
    next: *mut c_void,
    keys: *mut c_void,
    values: *mut c_void,
    count: u32,
) -> c_int {
    const ENOENT: c_int = 2;
    let mut got = count;
    let result = unsafe {
        libbpf_sys::bpf_map_lookup_batch(map, batch, next, keys, values, &mut got, std::ptr::null())
    };
    if result == 0 || result == -ENOENT { got as c_int } else { result }
}

/// Maps an array map (BPF_F_MMAPABLE), to be used without system calls; null when it can't be.
#[unsafe(no_mangle)]
pub extern "C" fn nixie_array_open(map: c_int) -> *mut Array {
    Array::open(map).map_or(std::ptr::null_mut(), leftovers::give)
}

/// Unmaps it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_array_close(array: *mut Array) {
    unsafe { leftovers::close(array) };
}

/// Copies the value of an index, for which `value` must have room; false when there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_array_get(array: *const Array, index: u32, value: *mut u8) -> bool {
    unsafe { array.as_ref().is_some_and(|array| array.get(index, value)) }
}

/// Sets the value of an index; false when there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_array_set(array: *const Array, index: u32, value: *const u8) -> bool {
    unsafe { array.as_ref().is_some_and(|array| array.set(index, value)) }
}

/// Bytes of the ring that wait to be released.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_ring_waiting(ring: *const Ring) -> u32 {
    unsafe { ring.as_ref() }.map_or(0, |ring| ring.waiting() as u32)
}

/// Maps a ring buffer; null when it can't be.
#[unsafe(no_mangle)]
pub extern "C" fn nixie_ring_open(map: c_int, size: usize) -> *mut Ring {
    Ring::open(map, size).map_or(std::ptr::null_mut(), leftovers::give)
}

/// Unmaps the ring; no part of it may be read afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_ring_close(ring: *mut Ring) {
    unsafe { leftovers::close(ring) };
}

/// The address of the window onto the ring, to be read in place. It stays the same until the ring is closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_ring_window(ring: *const Ring) -> *const u8 {
    unsafe { ring.as_ref() }.map_or(std::ptr::null(), Ring::window)
}

/// Bytes of that window.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_ring_window_size(ring: *const Ring) -> u32 {
    unsafe { ring.as_ref() }.map_or(0, |ring| ring.window_size() as u32)
}

/// Finds the finished records that wait, without taking them; earlier contents of the window may have moved afterwards.
/// Returns the bytes of a run of at most `most` whole records (each an 8-byte header, the record, padding to 8) and
/// puts its offset in the window into `start`. 0: nothing waits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_ring_peek(ring: *mut Ring, start: *mut u32, most: u32) -> u32 {
    let (Some(ring), Some(start)) = (unsafe { ring.as_mut() }, unsafe { start.as_mut() }) else {
        return 0;
    };
    let (at, bytes) = ring.peek(most as usize);
    *start = at as u32;
    bytes as u32
}

/// Returns bytes that a peek found to the kernel.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_ring_release(ring: *mut Ring, bytes: u32) {
    if let Some(ring) = unsafe { ring.as_mut() } {
        ring.release(bytes as usize);
    }
}

/// Starts a thread that tells when a ring fills: puts into `told` the descriptor of a pipe that then has a byte to be read. The
/// caller must close it. `rings`: `count` descriptors of maps. Null when that isn't possible.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_watch_open(rings: *const c_int, count: u32, told: *mut c_int) -> *mut Watch {
    let opened = (!rings.is_null() && !told.is_null())
        .then(|| Watch::open(unsafe { slice::from_raw_parts(rings, count as usize) }))
        .flatten();
    let Some((watch, end)) = opened else { return std::ptr::null_mut() };
    unsafe { *told = end.into_raw_fd() };
    leftovers::give(watch)
}

/// Ends that thread; the pipe ends, too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_watch_close(watch: *mut Watch) {
    unsafe { leftovers::close(watch) };
}

/// Begins to note which files processes map as code; null when the kernel refuses.
#[unsafe(no_mangle)]
pub extern "C" fn nixie_mappings_open() -> *mut Mappings {
    Mappings::open().map_or(std::ptr::null_mut(), leftovers::give)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_mappings_close(mappings: *mut Mappings) {
    unsafe { leftovers::close(mappings) };
}

/// Takes what was noted since the last call; returns the length of the text, which is valid until the next one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_mappings_take(mappings: *mut Mappings) -> u32 {
    unsafe { mappings.as_mut() }.map_or(0, |mappings| mappings.take() as u32)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nixie_mappings_text(mappings: *const Mappings) -> *const u8 {
    unsafe { mappings.as_ref() }.map_or(std::ptr::null(), |mappings| mappings.text().as_ptr())
}
