/** Runs a Python program under the probe and gives the events of its calls. */
import {
  EVENT_DATA,
  type EventKind,
  RECEIVED,
  SENT,
  type SocketEvent,
  type SocketTotals,
} from '../../src/events/socket-event'
import { openKernel } from '../../src/kernel'
import type { ProbeStatus } from '../../src/kernel/kernel'
import type { SocketFeed } from '../../src/sources/sockets/feed'
import type { Hooks } from '../../src/sources/sockets/hooks'
import { openSocketProbe, type SocketProbeOptions } from '../../src/sources/sockets/probe'
import { PATIENCE_MS } from '../support/scope'

export interface Seen {
  kind: EventKind
  connId: number
  timeNs: number
  pid: number
  startTicks: number
  transport: 'tcp' | 'udp'
  role: number
  local: string
  remote: string
  netns: number
  firstSent: number
  firstReceived: number
  afterClose: boolean
  comm: string
  direction: number
  offset: number
  sentOffset: number | undefined
  size: number
  payload: Buffer
  afterShed: boolean
  unread: boolean
  awake: boolean
  totals?: Omit<SocketTotals, 'connId'>
}

export function copy(event: SocketEvent): Seen {
  const totals = (event as SocketEvent & { totals?: Seen['totals'] }).totals
  return {
    kind: event.kind,
    connId: event.connId,
    timeNs: event.timeNs,
    pid: event.pid,
    startTicks: event.startTicks,
    transport: event.transport,
    role: event.role,
    local: `${event.localAddr} ${event.localPort}`,
    remote: `${event.remoteAddr} ${event.remotePort}`,
    netns: event.netns,
    firstSent: event.firstSent,
    firstReceived: event.firstReceived,
    afterClose: event.afterClose,
    afterShed: event.afterShed,
    unread: event.unread,
    awake: event.awake,
    comm: event.comm,
    direction: event.direction,
    offset: event.offset,
    sentOffset: event.sentOffset,
    size: event.size,
    payload: Buffer.from(event.payload),
    ...(event.kind !== EVENT_DATA && totals ? { totals } : {}),
  }
}

export const sent = (events: readonly Seen[]) => events.filter(({ direction }) => direction === SENT)
export const received = (events: readonly Seen[]) => events.filter(({ direction }) => direction === RECEIVED)
/** Those of the client's end, or of the server's. */
export const side = (events: readonly Seen[], role: number) => events.filter((event) => event.role === role)

/** The socket probe and the kernel that it is loaded in. */
export interface Traced extends SocketFeed {
  readonly probes: readonly ProbeStatus[]
  now(): number
  /** Has `filling` called when the ring fills. */
  watch(filling: () => void): boolean
}

const HOOKS: readonly Hooks[] = ['typed', 'classic', 'exit']

/** The one kind of hooks that the tests run with, by NIXIE_TEST_HOOKS; undefined: what this kernel has by itself. */
export const hooks = HOOKS.find((name) => name === process.env.NIXIE_TEST_HOOKS)

export function open(options: Partial<SocketProbeOptions> = {}): Traced {
  const kernel = openKernel({ enabled: true })
  const { probes, feed } = openSocketProbe(kernel, {
    // Everything on the machine is seen: what others say between two drains must not crowd out the program.
    ringBytes: 1 << 25,
    defaultCap: 16384,
    freshBytes: 0,
    isGated: true,
    ignorePids: [process.pid],
    ...(hooks && { hooks: [hooks] }),
    ...options,
  })
  if (!feed) throw new Error(`the probe did not load: ${probes.map(({ error }) => error).join('\n')}`)
  return {
    probes,
    now: () => kernel.now(),
    watch: (filling) => kernel.watch(filling),
    drain: (handler, maxEvents) => feed.drain(handler, maxEvents),
    fill: () => feed.fill(),
    setVerdict: (connId, verdict) => feed.setVerdict(connId, verdict),
    setPlainVerdict: (connId, verdict) => feed.setPlainVerdict(connId, verdict),
    leaveOut: (connId, direction, until) => feed.leaveOut(connId, direction, until),
    setGate: (gate) => feed.setGate(gate),
    drawAnew: () => feed.drawAnew(),
    totals: (handler) => feed.totals(handler),
    lost: () => feed.lost(),
    uncaptured: () => feed.uncaptured(),
    close: () => kernel.close(),
  }
}

/**
 * All that waits. A record that another CPU is still writing holds up those after it, for as long as the machine lets its writer
 * wait: so it looks until the ring is empty, and once more.
 */
export function drainAll(kernel: Traced): Seen[] {
  const seen: Seen[] = []
  const end = performance.now() + PATIENCE_MS
  for (let empty = 0; empty < 2 && performance.now() < end; ) {
    if (kernel.drain((event) => seen.push(copy(event)), 10_000) > 0) continue
    if (kernel.fill() === 0) empty++
    Bun.sleepSync(5)
  }
  return seen
}

const PRELUDE = `
import array, ctypes, os, socket, struct, sys, time
def pair(family=socket.AF_INET, host='127.0.0.1'):
    s = socket.socket(family); s.bind((host, 0)); s.listen()
    c = socket.socket(family); c.connect(s.getsockname()[:2]); d, _ = s.accept(); s.close()
    return c, d
def step():
    print('ready', flush=True); sys.stdin.readline()
ESTABLISHED, CLOSED, PEER_CLOSED = 1, 7, 8
def until(isSo):
    while not isSo(): time.sleep(0.001)
def is_in(s, state): return s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == state
def sleeps(pid): return open('/proc/%d/stat' % pid).read().rsplit(') ', 1)[1][0] == 'S'
`

/** A Python program that can be stopped at its `step()` calls. */
export class Program {
  readonly #process
  readonly #lines

  /** `under`: a command that runs another, as `ip netns exec NAME`. */
  constructor(text: string, under: readonly string[] = []) {
    this.#process = Bun.spawn([...under, 'python3', '-c', PRELUDE + text], {
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'inherit',
    })
    this.#lines = this.#process.stdout.getReader()
  }

  get pid(): number {
    return this.#process.pid
  }

  /** Waits until the program is at a `step()`; gives the line that it wrote. */
  async ready(): Promise<string> {
    let line = ''
    while (!line.endsWith('\n')) {
      const { value, done } = await this.#lines.read()
      if (done) throw new Error(`the traced program ended after ${JSON.stringify(line)}`)
      line += new TextDecoder().decode(value)
    }
    return line
  }

  go(): void {
    this.#process.stdin.write('\n')
    this.#process.stdin.flush()
  }

  async end(): Promise<void> {
    if ((await this.#process.exited) !== 0) throw new Error('the traced program failed')
  }

  kill(): void {
    this.#process.kill()
  }
}

/** Runs a program to its end; gives its data events. */
export async function trace(kernel: Traced, text: string): Promise<Seen[]> {
  drainAll(kernel)
  const program = new Program(text)
  await program.end()
  return drainAll(kernel).filter((event) => event.kind === EVENT_DATA && event.pid === program.pid)
}
