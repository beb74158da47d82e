//! One run of an iterator program, read in pieces.

use std::ffi::c_int;
use std::fs::File;
use std::io::Read;
use std::mem::size_of;
use std::os::fd::FromRawFd;

use libbpf_sys as sys;

use crate::object::errno;

const EINTR: c_int = 4;
const EAGAIN: c_int = 11;
const EINVAL: c_int = 22;
/// The kernel hands out an iterator's output in pieces of at most this size.
const READ_BYTES: usize = 32 << 10;

pub struct Iteration {
    link: *mut sys::bpf_link,
    file: Option<File>,
}

impl Iteration {
    /// Begins a run over the values of a map, or without one over everything that the program's section names.
    pub fn begin(program: *mut sys::bpf_program, map: Option<c_int>) -> Result<Iteration, c_int> {
        let mut info = sys::bpf_iter_link_info { map: Default::default() };
        let mut options = sys::bpf_iter_attach_opts { sz: size_of::<sys::bpf_iter_attach_opts>() as _, ..Default::default() };
        if let Some(map) = map {
            info.map.map_fd = map as u32;
            options.link_info = &mut info;
            options.link_info_len = size_of::<sys::bpf_iter_link_info>() as u32;
        }
        let link = unsafe { sys::bpf_program__attach_iter(program, &options) };
        if link.is_null() {
            return Err(errno());
        }
        let mut iteration = Iteration { link, file: None };
        let fd = unsafe { sys::bpf_iter_create(sys::bpf_link__fd(link)) };
        if fd < 0 {
            return Err(-fd);
        }
        iteration.file = Some(unsafe { File::from_raw_fd(fd) });
        Ok(iteration)
    }

    /// Puts the next piece of the output behind `output`; false at the end.
    pub fn read(&mut self, output: &mut Vec<u8>) -> Result<bool, c_int> {
        let file = self.file.as_mut().ok_or(EINVAL)?;
        let at = output.len();
        output.resize(at + READ_BYTES, 0);
        loop {
            match file.read(&mut output[at..]) {
                Ok(read) => {
                    output.truncate(at + read);
                    return Ok(read > 0);
                }
                // It stops for signals and at the end of its time slice; the next read goes on.
                Err(e) if matches!(e.raw_os_error(), Some(EINTR | EAGAIN)) => {}
                Err(e) => {
                    output.truncate(at);
                    return Err(e.raw_os_error().unwrap_or(EINVAL));
                }
            }
        }
    }
}

impl Drop for Iteration {
    fn drop(&mut self) {
        self.file = None;
        unsafe { sys::bpf_link__destroy(self.link) };
    }
}
