/** Python that makes calls of several messages: `mmsg([[piece, …], …])` gives the vector and what keeps its memory. */
export const MMSG = `
class Iov(ctypes.Structure): _fields_ = [('base', ctypes.c_void_p), ('len', ctypes.c_size_t)]
class Msg(ctypes.Structure): _fields_ = [('name', ctypes.c_void_p), ('namelen', ctypes.c_uint), ('iov', ctypes.c_void_p), ('iovlen', ctypes.c_size_t), ('control', ctypes.c_void_p), ('controllen', ctypes.c_size_t), ('flags', ctypes.c_int)]
class MMsg(ctypes.Structure): _fields_ = [('hdr', Msg), ('len', ctypes.c_uint)]
libc = ctypes.CDLL('libc.so.6')
def mmsg(parts):
    keep = []; out = (MMsg * len(parts))()
    for i, pieces in enumerate(parts):
        bufs = [ctypes.create_string_buffer(p, len(p)) for p in pieces]
        iov = (Iov * len(bufs))(*[Iov(ctypes.addressof(b), len(b)) for b in bufs])
        keep += [bufs, iov]; out[i].hdr.iov = ctypes.addressof(iov); out[i].hdr.iovlen = len(bufs)
    return out, keep
`
