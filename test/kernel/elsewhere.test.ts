/** Calls whose bytes lie nowhere that the probe may look, or that are about another file: what they moved is told. Needs root. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { RECEIVED, SENT } from '../../src/events/socket-event'
import { MMSG } from './messages'
import { drainAll, hooks, open, Program, type Seen, type Traced, trace } from './traced'

let kernel: Traced
beforeAll(() => {
  kernel = open()
})
afterAll(() => kernel.close())

const going = (events: Seen[], direction: number) =>
  events
    .filter((event) => event.direction === direction)
    .map(({ size, payload }) => [size, payload.toString()])

/** The tracepoints of sockets see what no system call of the task names. */
const atSockets = hooks !== 'exit'

const PIPE = `
libc = ctypes.CDLL('libc.so.6', use_errno=True); r, w = os.pipe()
def splice(a, b, n):
    got = libc.splice(a, None, b, None, n, 0); assert got == n, (got, ctypes.get_errno())
`

/** One operation at a time, by hand: what liburing would do. */
const URING = `
import mmap
libc = ctypes.CDLL('libc.so.6', use_errno=True)
params = (ctypes.c_uint * 30)(); ring = libc.syscall(425, 4, params)
if ring < 0: print('none', flush=True); sys.exit(0)
sq = mmap.mmap(ring, 4096, offset=0); entries = mmap.mmap(ring, 4096, offset=0x10000000)
tail_at, array_at = params[11], params[16]
def operate(code, fd, buffer, length, flags=0):
    tail = struct.unpack_from('I', sq, tail_at)[0]; at = (tail & 3) * 64
    entries[at:at + 64] = bytes(64); struct.pack_into('<BBHiQQI', entries, at, code, flags, 0, fd, 0, ctypes.addressof(buffer), length)
    struct.pack_into('I', sq, array_at + 4 * (tail & 3), tail & 3); struct.pack_into('I', sq, tail_at, tail + 1)
    assert libc.syscall(426, ring, 1, tail + 1, 1, None, 0) == 1
SEND, RECEIVE, ASYNC = 26, 27, 16
`

describe.if(atSockets)('told as lengths', () => {
  test('splice into a socket', async () => {
    const events = await trace(
      kernel,
      `${PIPE}\nc, d = pair(); os.write(w, b'through a pipe'); splice(r, c.fileno(), 14); assert d.recv(99) == b'through a pipe'`,
    )
    expect(going(events, SENT)).toEqual([[14, '']])
    expect(events[0]!.offset).toBe(events[1]!.offset)
  })

  test.each([
    ['in the call that hands it over', 0],
    ["in a kernel's thread", 16],
  ])('io_uring, %s', async (_, flags) => {
    drainAll(kernel)
    const program = new Program(
      `${URING}\nc, d = pair(); buffer = ctypes.create_string_buffer(b'by a ring', 9); into = ctypes.create_string_buffer(9)
operate(SEND, c.fileno(), buffer, 9, ${flags}); operate(RECEIVE, d.fileno(), into, 9, ${flags}); assert into.raw == b'by a ring'; print('seen', flush=True)`,
    )
    // Some kernels let no process make a ring.
    const word = await program.ready()
    await program.end()
    if (word.trim() === 'none') return
    const events = drainAll(kernel).filter(({ pid }) => pid === program.pid)
    const moved = events.filter(({ size }) => size > 0)
    expect(going(moved, SENT)).toEqual([[9, '']])
    expect(going(moved, RECEIVED)).toEqual([[9, '']])
  })
})

// The kernel passes by its own tracepoint there.
test('splice out of a socket passes unseen; what is read after it is at its place', async () => {
  const events = await trace(
    kernel,
    `${PIPE}\nc, d = pair(); c.send(b'through a pipe'); splice(d.fileno(), w, 14); c.send(b'and on'); assert d.recv(99) == b'and on'`,
  )
  expect(going(events, SENT).map(([, text]) => text)).toEqual(['through a pipe', 'and on'])
  expect(going(events, RECEIVED)).toEqual([[6, 'and on']])
  expect(events.at(-1)!.offset).toBe(events[1]!.offset)
})

test('a descriptor that is another name of the socket is as good', async () => {
  const events = await trace(
    kernel,
    `c, d = pair(); e = os.dup(c.fileno()); f = os.dup2(d.fileno(), 90); os.write(e, b'by another name'); assert os.read(f, 99) == b'by another name'`,
  )
  expect(going(events, SENT)).toEqual([[15, 'by another name']])
  expect(going(events, RECEIVED)).toEqual([[15, 'by another name']])
})

test('a recvmmsg with a time limit tells each message, and the bytes of none that it may mix up', async () => {
  const events = await trace(
    kernel,
    `${MMSG}
class Time(ctypes.Structure): _fields_ = [('s', ctypes.c_long), ('ns', ctypes.c_long)]
b = socket.socket(type=socket.SOCK_DGRAM); b.bind(('127.0.0.1', 0)); a = socket.socket(type=socket.SOCK_DGRAM); a.connect(b.getsockname())
for text in (b'one', b'three'): a.send(text)
m, k = mmsg([[bytes(50)], [bytes(50)]]); assert libc.recvmmsg(b.fileno(), m, 2, 0, ctypes.byref(Time(5, 0))) == 2`,
  )
  expect(going(events, SENT)).toEqual([
    [3, 'one'],
    [5, 'three'],
  ])
  expect(going(events, RECEIVED).map(([size]) => size)).toEqual([3, 5])
  for (const [, text] of going(events, RECEIVED)) expect(['', 'one', 'three']).toContain(String(text))
})

test('a counted connection stays in step with calls of several messages', async () => {
  drainAll(kernel)
  const program = new Program(`${MMSG}
b = socket.socket(type=socket.SOCK_DGRAM); b.bind(('127.0.0.1', 0)); a = socket.socket(type=socket.SOCK_DGRAM); a.connect(b.getsockname())
def say(parts): m, k = mmsg([[p] for p in parts]); assert libc.sendmmsg(a.fileno(), m, len(parts), 0) == len(parts)
say([b'1', b'22']); step(); say([b'333', b'4444']); step(); say([b'55555', b'666666']); step()`)
  await program.ready()
  const events = () => drainAll(kernel).filter(({ pid }) => pid === program.pid)
  const first = events()
  expect(going(first, SENT)).toEqual([
    [1, '1'],
    [2, '22'],
  ])
  kernel.setVerdict(first[0]!.connId, { action: 'count' })
  program.go()
  await program.ready()
  expect(events()).toEqual([])
  kernel.setVerdict(first[0]!.connId, { action: 'capture', cap: 100 })
  program.go()
  await program.ready()
  expect(going(events(), SENT)).toEqual([
    [5, '55555'],
    [6, '666666'],
  ])
  let bytes = 0
  kernel.totals(({ connId, bytesSent }) => {
    if (connId === first[0]!.connId) bytes = bytesSent
  })
  expect(bytes).toBe(21)
  program.go()
  await program.end()
})
