//! One BPF object: opened, loaded, attached; detached and unloaded when dropped.

use std::ffi::{CStr, c_int, c_void};
use std::io::Read;
use std::mem::size_of;
use std::os::fd::FromRawFd;
use std::{fs::File, ptr, slice};

use libbpf_sys as sys;

use crate::attach::Attachment;
use crate::log;

const ENOENT: c_int = 2;
const EINVAL: c_int = 22;
/// The kernel hands out an iterator's text in pieces of at most this size.
const READ_BYTES: usize = 32 << 10;

pub struct Object {
    object: *mut sys::bpf_object,
    /// Attachments by number; empty where one was detached.
    attachments: Vec<Option<Attachment>>,
    /// The output of an iterator's last run.
    output: Vec<u8>,
}

/// The errno that libbpf left after a function that returns a pointer.
pub fn errno() -> c_int {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(EINVAL)
}

fn check(result: c_int) -> Result<c_int, c_int> {
    if result < 0 { Err(-result) } else { Ok(result) }
}

impl Object {
    pub fn open(bytes: &[u8]) -> Option<Object> {
        let object = unsafe { sys::bpf_object__open_mem(bytes.as_ptr().cast(), bytes.len() as _, ptr::null()) };
        (!object.is_null()).then_some(Object { object, attachments: Vec::new(), output: Vec::new() })
    }

    fn program(&self, name: &CStr) -> Result<*mut sys::bpf_program, c_int> {
        let program = unsafe { sys::bpf_object__find_program_by_name(self.object, name.as_ptr()) };
        if program.is_null() { Err(ENOENT) } else { Ok(program) }
    }

    fn map(&self, name: &CStr) -> Result<*mut sys::bpf_map, c_int> {
        let map = unsafe { sys::bpf_object__find_map_by_name(self.object, name.as_ptr()) };
        if map.is_null() { Err(ENOENT) } else { Ok(map) }
    }

    /// Finds the variable in the BTF of `.rodata`, so that no offset is written twice.
    pub fn set_knob(&mut self, name: &CStr, value: &[u8]) -> Result<c_int, c_int> {
        let map = self.map(c".rodata")?;
        let mut size: sys::size_t = 0;
        let data = unsafe { sys::bpf_map__initial_value(map, &mut size) };
        if data.is_null() {
            return Err(ENOENT);
        }
        let (offset, length) = self.variable(map, name)?;
        if length != value.len() || offset + length > size as usize {
            log::say(&format!("{name:?} has {length} bytes, not {}\n", value.len()));
            return Err(EINVAL);
        }
        let data = unsafe { slice::from_raw_parts_mut(data.cast::<u8>(), size as usize) };
        data[offset..offset + length].copy_from_slice(value);
        Ok(0)
    }

    /// Offset and size of a variable in a data section.
    fn variable(&self, map: *mut sys::bpf_map, name: &CStr) -> Result<(usize, usize), c_int> {
        unsafe {
            let btf = sys::bpf_object__btf(self.object);
            let section = sys::btf__type_by_id(btf, sys::bpf_map__btf_value_type_id(map));
            if section.is_null() {
                return Err(ENOENT);
            }
            // The low 16 bits of `info` are the count of members (BTF format, kernel's Documentation/bpf/btf.rst).
            let count = ((*section).info & 0xffff) as usize;
            let members = section.add(1).cast::<sys::btf_var_secinfo>();
            for member in slice::from_raw_parts(members, count) {
                let variable = sys::btf__type_by_id(btf, member.type_);
                let known = sys::btf__name_by_offset(btf, (*variable).name_off);
                if !known.is_null() && CStr::from_ptr(known) == name {
                    return Ok((member.offset as usize, member.size as usize));
                }
            }
        }
        Err(ENOENT)
    }

    pub fn set_autoload(&mut self, program: &CStr, load: bool) -> Result<c_int, c_int> {
        check(unsafe { sys::bpf_program__set_autoload(self.program(program)?, load) })
    }

    pub fn set_max_entries(&mut self, map: &CStr, entries: u32) -> Result<c_int, c_int> {
        check(unsafe { sys::bpf_map__set_max_entries(self.map(map)?, entries) })
    }

    pub fn load(&mut self) -> Result<c_int, c_int> {
        check(unsafe { sys::bpf_object__load(self.object) })
    }

    /// Keeps an attachment until it is detached; its number.
    fn keep(&mut self, attachment: Attachment) -> c_int {
        let free = self.attachments.iter().position(Option::is_none).unwrap_or_else(|| {
            self.attachments.push(None);
            self.attachments.len() - 1
        });
        self.attachments[free] = Some(attachment);
        free as c_int
    }

    pub fn attach(&mut self, program: &CStr) -> Result<c_int, c_int> {
        let attachment = Attachment::section(self.program(program)?)?;
        Ok(self.keep(attachment))
    }

    pub fn attach_uprobe(
        &mut self,
        program: &CStr,
        path: &CStr,
        offset: u64,
        pid: c_int,
        at_return: bool,
    ) -> Result<c_int, c_int> {
        let attachment = Attachment::uprobe(self.program(program)?, path, offset, pid, at_return)?;
        Ok(self.keep(attachment))
    }

    pub fn attach_uprobes(
        &mut self,
        program: &CStr,
        path: &CStr,
        offsets: &[u64],
        cookies: &[u64],
        at_return: bool,
    ) -> Result<c_int, c_int> {
        let attachment = Attachment::uprobes(self.program(program)?, path, offsets, cookies, at_return)?;
        Ok(self.keep(attachment))
    }

    pub fn attach_cgroup(&mut self, program: &CStr, path: &CStr) -> Result<c_int, c_int> {
        let attachment = Attachment::cgroup(self.program(program)?, path)?;
        Ok(self.keep(attachment))
    }

    pub fn attach_cpu_clock(&mut self, program: &CStr, hertz: u64) -> Result<c_int, c_int> {
        let attachment = Attachment::cpu_clock(self.program(program)?, hertz)?;
        Ok(self.keep(attachment))
    }

    pub fn detach(&mut self, number: c_int) -> Result<c_int, c_int> {
        let slot = usize::try_from(number).ok().and_then(|number| self.attachments.get_mut(number));
        slot.and_then(Option::take).map(Attachment::detach).map(|_| 0).ok_or(ENOENT)
    }

    /// Uses an existing map as a map of this object; call it before loading.
    pub fn reuse_map(&mut self, map: &CStr, fd: c_int) -> Result<c_int, c_int> {
        check(unsafe { sys::bpf_map__reuse_fd(self.map(map)?, fd) })
    }

    /// Runs over the values of a map, or without one over everything that the program's section names.
    pub fn iterate(&mut self, program: &CStr, map: Option<&CStr>) -> Result<c_int, c_int> {
        let mut info = sys::bpf_iter_link_info { map: Default::default() };
        let mut options = sys::bpf_iter_attach_opts { sz: size_of::<sys::bpf_iter_attach_opts>() as _, ..Default::default() };
        if let Some(map) = map {
            info.map.map_fd = self.map_fd(map)? as u32;
            options.link_info = &mut info;
            options.link_info_len = size_of::<sys::bpf_iter_link_info>() as u32;
        }
        let link = unsafe { sys::bpf_program__attach_iter(self.program(program)?, &options) };
        if link.is_null() {
            return Err(errno());
        }
        let fd = unsafe { sys::bpf_iter_create(sys::bpf_link__fd(link)) };
        self.output.clear();
        let result = check(fd).and_then(|fd| {
            let mut file = unsafe { File::from_raw_fd(fd) };
            loop {
                let at = self.output.len();
                self.output.resize(at + READ_BYTES, 0);
                let read = file.read(&mut self.output[at..]);
                self.output.truncate(at + *read.as_ref().unwrap_or(&0));
                match read {
                    Ok(0) => return Ok(self.output.len() as c_int),
                    Ok(_) => {}
                    // The iterator stops for signals and at the end of its time slice; the next read goes on.
                    Err(e) if matches!(e.raw_os_error(), Some(4 | 11)) => {}
                    Err(e) => return Err(e.raw_os_error().unwrap_or(EINVAL)),
                }
            }
        });
        unsafe { sys::bpf_link__destroy(link) };
        result
    }

    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// Runs of all programs that the kernel skipped since the load, because another program, or the same one in another
    /// task, was running on that processor. Linux tells this since 5.12; before, 0.
    pub fn missed_runs(&self) -> u64 {
        let mut missed = 0;
        let mut program = ptr::null_mut();
        loop {
            program = unsafe { sys::bpf_object__next_program(self.object, program) };
            if program.is_null() {
                return missed;
            }
            let mut info = sys::bpf_prog_info::default();
            let mut size = size_of::<sys::bpf_prog_info>() as u32;
            let fd = unsafe { sys::bpf_program__fd(program) };
            if fd >= 0 && unsafe { sys::bpf_prog_get_info_by_fd(fd, &mut info, &mut size) } == 0 {
                missed += info.recursion_misses;
            }
        }
    }

    pub fn map_fd(&mut self, map: &CStr) -> Result<c_int, c_int> {
        check(unsafe { sys::bpf_map__fd(self.map(map)?) })
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        // Attached programs stay in the kernel even when the object is gone.
        self.attachments.clear();
        unsafe { sys::bpf_object__close(self.object.cast::<c_void>().cast()) };
    }
}
