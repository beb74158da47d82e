//! What is open. A thread of JavaScript that is ended closes nothing, so whoever takes its place does.

use std::sync::Mutex;

type Free = unsafe fn(usize);

static OPEN: Mutex<Vec<(usize, Free)>> = Mutex::new(Vec::new());

unsafe fn free<T>(pointer: usize) {
    drop(unsafe { Box::from_raw(pointer as *mut T) });
}

/// Hands it out until it is closed.
pub fn give<T>(value: T) -> *mut T {
    let pointer = Box::into_raw(Box::new(value));
    OPEN.lock().unwrap().push((pointer as usize, free::<T>));
    pointer
}

/// Frees what was handed out; anything else is left alone.
pub unsafe fn close<T>(pointer: *mut T) {
    let mut open = OPEN.lock().unwrap();
    let Some(at) = open.iter().position(|(address, _)| *address == pointer as usize) else {
        return;
    };
    let (address, free) = open.swap_remove(at);
    drop(open);
    unsafe { free(address) };
}

/// Frees all that is open; no thread may use any of it. Returns how much that was.
pub unsafe fn close_all() -> usize {
    let open = std::mem::take(&mut *OPEN.lock().unwrap());
    for (address, free) in open.iter().rev() {
        unsafe { free(*address) };
    }
    open.len()
}
