//! The list of open objects. A JavaScript thread that is ended closes nothing; the thread after it closes them.

use std::sync::Mutex;

type Free = unsafe fn(usize);

static OPEN: Mutex<Vec<(usize, Free)>> = Mutex::new(Vec::new());

unsafe fn free<T>(pointer: usize) {
    drop(unsafe { Box::from_raw(pointer as *mut T) });
}

/// Hands out a pointer, valid until it is closed.
pub fn give<T>(value: T) -> *mut T {
    let pointer = Box::into_raw(Box::new(value));
    OPEN.lock().unwrap().push((pointer as usize, free::<T>));
    pointer
}

/// Frees an object that was handed out; ignores other pointers.
pub unsafe fn close<T>(pointer: *mut T) {
    let mut open = OPEN.lock().unwrap();
    let Some(at) = open.iter().position(|(address, _)| *address == pointer as usize) else {
        return;
    };
    let (address, free) = open.swap_remove(at);
    drop(open);
    unsafe { free(address) };
}

/// Frees all open objects; no thread may use any of them. Returns how many.
pub unsafe fn close_all() -> usize {
    let open = std::mem::take(&mut *OPEN.lock().unwrap());
    for (address, free) in open.iter().rev() {
        unsafe { free(*address) };
    }
    open.len()
}
