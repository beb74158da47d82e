//! Keeps libbpf's messages, which tell why something failed.

use std::ffi::{c_char, c_int};
use std::sync::Mutex;

use libbpf_sys::{__va_list_tag, LIBBPF_INFO, libbpf_print_level, libbpf_set_print};

/// Of the verifier's long log of a large program mostly the last lines matter.
const KEPT: usize = 16 << 10;

static SAID: Mutex<String> = Mutex::new(String::new());

unsafe extern "C" {
    fn vsnprintf(buffer: *mut c_char, size: usize, format: *const c_char, args: *mut __va_list_tag) -> c_int;
}

unsafe extern "C" fn keep(level: libbpf_print_level, format: *const c_char, args: *mut __va_list_tag) -> c_int {
    if level > LIBBPF_INFO {
        return 0;
    }
    let mut line = vec![0u8; KEPT];
    let length = unsafe { vsnprintf(line.as_mut_ptr().cast(), line.len(), format, args) };
    if length > 0 {
        say(&String::from_utf8_lossy(&line[..(length as usize).min(KEPT - 1)]));
    }
    length
}

pub fn listen() {
    unsafe { libbpf_set_print(Some(keep)) };
}

pub fn say(line: &str) {
    let Ok(mut said) = SAID.lock() else { return };
    said.push_str(line);
    if said.len() > KEPT {
        let mut cut = said.len() - KEPT;
        while !said.is_char_boundary(cut) {
            cut += 1;
        }
        said.drain(..cut);
    }
}

pub fn take() -> String {
    SAID.lock().map(|mut said| std::mem::take(&mut *said)).unwrap_or_default()
}
