"""Stops one thread of a process (ptrace) until this ends. Argument: the thread's id. Says so once it stands."""
import ctypes
import os
import sys

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000

libc = ctypes.CDLL('libc.so.6', use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, thread):
    if libc.ptrace(request, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


thread = int(sys.argv[1])
ptrace(PTRACE_SEIZE, thread)
ptrace(PTRACE_INTERRUPT, thread)
os.waitpid(thread, WALL)
print('stopped', flush=True)
sys.stdin.read()
ptrace(PTRACE_DETACH, thread)
