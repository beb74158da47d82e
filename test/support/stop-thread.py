"""
Stops one thread of a process (ptrace) until this ends. Argument: the thread's id. Says so once it stands.

It is stopped where it waits for events: elsewhere it may hold a lock of its runtime, without which no other thread gets on.
"""
import ctypes
import os
import platform
import sys

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000
# Linux: epoll_wait (no such on arm64), epoll_pwait, epoll_pwait2
WAITS = {'x86_64': (232, 281, 441), 'aarch64': (22, 441)}[platform.machine()]

libc = ctypes.CDLL('libc.so.6', use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, thread):
    if libc.ptrace(request, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def is_waiting(thread):
    """Of a thread that is stopped: the call that it was in."""
    with open(f'/proc/{thread}/syscall') as call:
        return int(call.read().split()[0]) in WAITS


thread = int(sys.argv[1])
while True:
    ptrace(PTRACE_SEIZE, thread)
    ptrace(PTRACE_INTERRUPT, thread)
    os.waitpid(thread, WALL)
    if is_waiting(thread):
        break
    ptrace(PTRACE_DETACH, thread)
print('stopped', flush=True)
sys.stdin.read()
ptrace(PTRACE_DETACH, thread)
