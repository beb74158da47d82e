/** What compressed bodies cost, ordinary and hostile ones, and what 100,000 of them leave behind: `bun test/bench/inflate.ts`. */
import zlib from 'node:zlib'
import { DECODE_LIMITS, DecodeBudget } from '../../src/protocols/lib/decode-budget'
import { inflate, inflateInput } from '../../src/protocols/lib/inflate'
import { HOSTILE_BODIES, type HostileBody } from '../protocols/lib/hostile-bodies'

const LIMIT = 1024
const RUNS = 100
const FLOOD = 100_000
const UNBOUNDED = { perSecondNs: 1e12, burstNs: 1e12, perBodyNs: 1e12, perStepNs: 1e12 }

const json = (items: number) =>
  Buffer.from(
    JSON.stringify(Array.from({ length: items }, (_, id) => ({ id, name: `n${(id * 7919) % 997}` }))),
  )

const ordinary: readonly HostileBody[] = [200, 20_000].flatMap((items) => {
  const name = `JSON of ${json(items).length} bytes`
  return [
    { name, codings: ['gzip'], bytes: zlib.gzipSync(json(items)) },
    { name, codings: ['br'], bytes: zlib.brotliCompressSync(json(items)) },
    { name, codings: ['zstd'], bytes: zlib.zstdCompressSync(json(items)) },
    { name, codings: ['gzip', 'br'], bytes: zlib.brotliCompressSync(zlib.gzipSync(json(items))) },
  ]
})

function quantiles(run: () => void): readonly [median: number, p90: number] {
  const times = Array.from({ length: RUNS }, () => {
    const start = Bun.nanoseconds()
    run()
    return (Bun.nanoseconds() - start) / 1000
  }).sort((a, b) => a - b)
  return [times[RUNS / 2]!, times[(RUNS * 9) / 10]!]
}

function report({ codings, bytes, name }: HostileBody, limit: number): void {
  const kept = bytes.subarray(0, inflateInput(codings, limit))
  const budget = new DecodeBudget(Bun.nanoseconds, { ...UNBOUNDED, ...pick(DECODE_LIMITS) })
  const endless = new DecodeBudget(Bun.nanoseconds, UNBOUNDED)
  const [median, p90] = quantiles(() => inflate(codings, kept, limit, budget))
  const [without] = quantiles(() => inflate(codings, kept, limit, endless))
  const cells = [median, p90, without].map((us) => us.toFixed(1).padStart(9))
  console.log(
    `${codings.join(', ').padEnd(22)} ${name.padEnd(30)} ${String(kept.length).padStart(6)} ${cells.join(' ')}`,
  )
}

const pick = ({ perBodyNs, perStepNs }: typeof DECODE_LIMITS) => ({ perBodyNs, perStepNs })

for (const limit of [LIMIT, 64 << 10]) {
  console.log(`\n${limit} bytes of a body kept. µs of a body: median and p90 with its limit, median without`)
  for (const body of [...ordinary, ...HOSTILE_BODIES]) report(body, limit)
}

const flooded = new DecodeBudget(Bun.nanoseconds, UNBOUNDED)
const rss = () => Math.round(process.memoryUsage.rss() / 2 ** 20)
const before = rss()
let most = before
for (let i = 0; i < FLOOD; i++) {
  const { codings, bytes } = HOSTILE_BODIES[i % HOSTILE_BODIES.length]!
  inflate(codings, bytes.subarray(0, 2048), LIMIT, flooded)
  if (i % 100 === 0) most = Math.max(most, rss())
}
console.log(`\n${FLOOD} hostile bodies: RSS ${before} MiB before, ${most} at most, ${rss()} after`)

const shared = new DecodeBudget(Bun.nanoseconds)
const start = Bun.nanoseconds()
let bodies = 0
let worstNs = 0
while (Bun.nanoseconds() - start < 5e9) {
  const from = Bun.nanoseconds()
  for (const { codings, bytes } of HOSTILE_BODIES) inflate(codings, bytes, LIMIT, shared)
  bodies += HOSTILE_BODIES.length
  worstNs = Math.max(worstNs, Bun.nanoseconds() - from)
}
console.log(
  `A flood of 5 s: ${bodies} bodies, ${bodies - shared.refused} decoded; the longest round over all of them ${(worstNs / 1e6).toFixed(1)} ms`,
)
