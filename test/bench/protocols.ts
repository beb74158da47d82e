/**
 * What one record of each protocol costs from the events to the columns: `bun run bench protocols [NAME…]`. Prints records a second,
 * MB a second and bytes of memory allocated for each record, of one core; for requests of HTTP see `http-parse.ts`.
 */
import { heapStats } from 'bun:jsc'
import { SENT } from '../../src/events/socket-event'
import { newCounters } from '../../src/health/counters'
import { PROTOCOLS } from '../../src/protocols'
import { DecodeBudget } from '../../src/protocols/lib/decode-budget'
import { BatchBuilder } from '../../src/records/builder'
import type { Table } from '../../src/records/table'
import { Streams } from '../../src/streams/streams'
import { bytesOf, Wire } from '../streams/wire'
import { type Said, SHAPES, type Shape } from './protocol-shapes'

const CONNECTIONS = 100
const EXCHANGES = 200_000
const AT_ONCE = 1000

class Stage {
  #builder: BatchBuilder<Table>
  rows = 0
  bytes = 0
  readonly streams: Streams
  readonly #wires: readonly Wire[]

  constructor({ protocol, opening }: Shape) {
    const [table] = protocol.tables
    this.#builder = new BatchBuilder(table!, 0n)
    this.streams = new Streams({
      protocols: PROTOCOLS,
      sink: {
        append: (_, record) => {
          this.#builder.append(record as never)
          if (++this.rows % 20_000 === 0) this.#builder = new BatchBuilder(table!, 0n)
        },
      },
      liveSink: { append: () => {} },
      counters: newCounters(),
      settings: { bodyLimit: 1024, redact: true, decodeBudget: new DecodeBudget() },
      defaultCap: 16 << 10,
      setVerdict: () => {},
      setPlainVerdict: () => {},
      leaveOut: () => {},
      upidOf: (pid, ticks) => `1:${pid}:${ticks}`,
      limits: { introduceNs: 0 },
    })
    this.#wires = Array.from(
      { length: CONNECTIONS },
      (_, i) => new Wire({ remote: ['10.0.0.2', 20_000 + i] }),
    )
    for (const wire of this.#wires) {
      this.streams.handle(wire.open())
      for (const said of opening) this.streams.handle(this.#event(wire, said))
    }
  }

  /** Events of so many exchanges, on each connection in turn. */
  events({ exchange }: Shape, first: number) {
    return Array.from({ length: AT_ONCE }, (_, i) =>
      exchange(first + i).map((said) => this.#event(this.#wires[(first + i) % CONNECTIONS]!, said)),
    ).flat()
  }

  #event(wire: Wire, [from, text]: Said) {
    const bytes = bytesOf(text)
    this.bytes += bytes.length
    const event = from === 'client' ? wire.request(bytes) : wire.response(bytes)
    // A server's answer is said as soon as it was asked.
    return event.direction === SENT ? { ...event, awake: true } : event
  }
}

interface Figure {
  readonly name: string
  readonly perSecond: number
  readonly megabytes: number
  readonly allocated: number
}

function measure(shape: Shape): Figure {
  const stage = new Stage(shape)
  let cpuUs = 0
  let bytes = 0
  let measured = 0
  let allocated = 0
  for (let done = 0; done < EXCHANGES; done += AT_ONCE) {
    const before = stage.bytes
    const events = stage.events(shape, done)
    const isWarm = done >= EXCHANGES / 2
    const heap = isWarm ? heapStats().heapSize : 0
    const start = process.cpuUsage()
    for (const event of events) stage.streams.handle(event)
    const { user, system } = process.cpuUsage(start)
    stage.streams.tick(events.at(-1)!.timeNs)
    if (!isWarm) continue
    cpuUs += user + system
    bytes += stage.bytes - before
    measured += AT_ONCE * shape.rows
    // A collection in between hides what was allocated before it.
    allocated += Math.max(0, heapStats().heapSize - heap)
  }
  const rows = CONNECTIONS * shape.openingRows + EXCHANGES * shape.rows
  if (stage.rows !== rows) throw new Error(`${shape.name}: ${stage.rows} rows of ${rows}`)
  return {
    name: shape.name,
    perSecond: measured / (cpuUs / 1e6),
    megabytes: bytes / cpuUs,
    allocated: allocated / measured,
  }
}

const names = process.argv.slice(2)
console.log('| exchange | records/s | MB/s | bytes allocated a record |\n|---|---|---|---|')
for (const shape of SHAPES.filter(({ protocol }) => names.length === 0 || names.includes(protocol.name))) {
  const { name, perSecond, megabytes, allocated } = measure(shape)
  console.log(
    `| ${name} | ${Math.round(perSecond / 1000)},000 | ${megabytes.toFixed(0)} | ${Math.round(allocated)} |`,
  )
}
