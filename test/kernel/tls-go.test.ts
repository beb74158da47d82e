/** Calls of Go's crypto/tls, by goroutines that go from thread to thread and whose stacks move. Needs root and Go. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { EVENT_DATA, EVENT_PLAIN, SENT } from '../../src/events/socket-event'
import { openKernel } from '../../src/kernel'
import type { SocketFeed } from '../../src/sources/sockets/feed'
import { openSocketProbe } from '../../src/sources/sockets/probe'
import { ElfFile } from '../../src/sources/tls-libraries/elf'
import { goPlaces } from '../../src/sources/tls-libraries/go/places'
import { openTlsProbe, type TlsProbe } from '../../src/sources/tls-libraries/probe'
import { outputsOf } from '../support/outputs'
import { Scope, until } from '../support/scope'
import { type Certificate, makeCertificate } from '../support/tls'
import { buildGoTls } from '../support/tls-go'
import { hooks } from './traced'

const RING_BYTES = 1 << 25
/** As many as `calls.go` makes: exchanges of a connection by the number of connections. */
const EXCHANGES = 16 * 30 + 8

const scope = new Scope('kernel-tls-go')
const kernel = openKernel({ enabled: true })
let certificate: Certificate
let program: string
let feed: SocketFeed
let probe: TlsProbe
beforeAll(() => {
  certificate = makeCertificate(scope)
  program = buildGoTls(scope, 'cgo')
  const ignorePids = [process.pid]
  feed = openSocketProbe(kernel, {
    ...(hooks && { hooks: [hooks] }),
    ringBytes: RING_BYTES,
    defaultCap: 16_384,
    freshBytes: 0,
    isGated: true,
    ignorePids,
  }).feed!
  probe = openTlsProbe(kernel, { ringBytes: RING_BYTES, ignorePids }).probe!
}, 120_000)
afterAll(async () => {
  probe.close()
  kernel.close()
  await scope.close()
})

function attach(): () => void {
  const elf = ElfFile.open(program)!
  const steps = goPlaces(elf)
  let step = steps.next()
  while (!step.done) step = steps.next()
  if (typeof step.value === 'string') throw new Error(step.value)
  const fd = elf.release()
  probe.clear(0)
  const { attached, refused } = probe.attach(0, fd, step.value)
  closeSync(fd)
  if (refused.length > 0) throw refused[0]
  return () => {
    for (const attachment of attached) attachment.detach()
  }
}

/** Data within TLS that one end has said or heard, piece by piece. */
interface Told {
  connId: number
  readonly direction: number
  text: string
}

/** Runs the program until it has made all its exchanges; gives what was told of it, and its connections' ports. */
async function run(): Promise<{
  told: Told[]
  ports: Map<number, [local: number, remote: number]>
  pid: number
}> {
  const child = spawn(program, ['calls', certificate.cert, certificate.key])
  const said = outputsOf(child)
  const ended = new Promise((done) => child.on('exit', done))
  const told: Told[] = []
  const ports = new Map<number, [number, number]>()
  const drain = () => {
    feed.drain((event) => {
      if (event.kind === EVENT_DATA && event.pid === child.pid)
        ports.set(event.connId, [event.localPort, event.remotePort])
      if (event.kind === EVENT_PLAIN && event.pid === child.pid) {
        const text = Buffer.from(event.payload).toString('latin1')
        told.push({ connId: event.connId, direction: event.direction, text })
      }
    }, 100_000)
    feed.fill()
  }
  try {
    await until('the program has made its calls', () => {
      drain()
      return said.stdout.includes('done')
    })
    for (let i = 0; i < 3; i++) drain()
  } finally {
    child.kill('SIGKILL')
    await ended
  }
  expect(said.stderr).toBe('')
  return { told, ports, pid: child.pid! }
}

test('each line is told once at each end, with its connection; what was not sent is not told', async () => {
  const detach = attach()
  try {
    const before = feed.lost().events
    const { told, ports } = await run()
    expect(feed.lost().events).toBe(before)
    const wrong: string[] = []
    const heads = new Map<string, number>()
    for (const { connId, direction, text } of told)
      for (const [head, who, from, to] of text.matchAll(/\b([CS]) (\d+) (\d+) \d+ /g)) {
        const [local, remote] = ports.get(connId) ?? [0, 0]
        const [sender, receiver] = direction === SENT ? [local, remote] : [remote, local]
        if (connId !== 0 && (Number(from) !== sender || Number(to) !== receiver))
          wrong.push(`${head} on ${local} ${remote}`)
        if (connId === 0) continue
        const key = `${direction} ${head}`
        heads.set(key, (heads.get(key) ?? 0) + 1)
        expect(who).toMatch(/[CS]/)
      }
    expect(wrong).toEqual([])
    expect([...heads.values()].filter((times) => times > 1)).toEqual([])
    // C and S, sent and received.
    expect(heads.size).toBe(4 * EXCHANGES)
    expect(told.filter(({ text }) => text.includes('never sent'))).toEqual([])
    const { calls, transfers } = probe.hits(0)
    expect(transfers).toBeGreaterThanOrEqual(4 * EXCHANGES)
    expect(calls).toBeGreaterThanOrEqual(transfers)
  } finally {
    detach()
  }
}, 120_000)

test('a file that is attached no longer is left alone', async () => {
  attach()()
  // The kernel takes its breakpoints away on a thread of its own.
  await until('a run is not seen', async () => {
    const { calls } = probe.hits(0)
    const { told } = await run()
    return told.length === 0 && probe.hits(0).calls === calls
  })
  probe.rest()
}, 120_000)
