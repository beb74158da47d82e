import { describe, expect, test } from 'bun:test'
import zlib from 'node:zlib'
import manifest from '../../../package.json'
import { DECODE_LIMITS, DecodeBudget } from '../../../src/protocols/lib/decode-budget'
import { contentCodings, inflate, inflateInput } from '../../../src/protocols/lib/inflate'
import { HOSTILE_BODIES, zstdFrame } from './hostile-bodies'

const text = Buffer.from(
  JSON.stringify(Array.from({ length: 30_000 }, (_, id) => ({ id, n: (id * 7919) % 997 }))),
)
const LIMIT = 1024
/** Time stands still: nothing is ever over. */
const endless = () => new DecodeBudget(() => 0)

const ENCODE: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  'x-gzip': (bytes) => zlib.gzipSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } }),
  zstd: (bytes) => zlib.zstdCompressSync(bytes),
}
const CODINGS = Object.keys(ENCODE)
const encode = (codings: readonly string[], bytes: Uint8Array) =>
  codings.reduce((encoded, coding) => ENCODE[coding]!(encoded), bytes)

describe('the runtime has the decoders', () => {
  test('its version is exact', () => {
    expect(manifest.devDependencies.bun).toBe(Bun.version)
  })

  test.each(CODINGS)('%s, also from the middle of a buffer', (coding) => {
    const body = ENCODE[coding]!(text.subarray(0, 500))
    const around = Buffer.concat([Buffer.from('before'), body, Buffer.from('behind')])
    const content = inflate([coding], around.subarray(6, 6 + body.length), LIMIT, endless())
    expect(Buffer.from(content!).equals(text.subarray(0, 500))).toBe(true)
  })
})

describe('the head of a body', () => {
  test.each(
    CODINGS.flatMap((coding) => [1, 1024, 4096, 70_000, 1 << 20].map((limit) => [coding, limit] as const)),
  )('%s: %d bytes', (coding, limit) => {
    const kept = inflateInput([coding], limit)
    const content = inflate([coding], ENCODE[coding]!(text).subarray(0, kept), limit, endless())!
    expect(content.length).toBeLessThanOrEqual(limit)
    expect(content.length).toBeGreaterThan(Math.min(limit, 32 << 10) - 1)
    expect(Buffer.from(content).equals(text.subarray(0, content.length))).toBe(true)
  })

  test('deflate without the zlib format', () => {
    const content = inflate(['deflate'], zlib.deflateRawSync(text).subarray(0, 1280), LIMIT, endless())
    expect(Buffer.from(content!).equals(text.subarray(0, LIMIT))).toBe(true)
  })

  test('several members or frames are one body', () => {
    for (const coding of ['gzip', 'zstd']) {
      const body = Buffer.concat([ENCODE[coding]!(Buffer.from('one ')), ENCODE[coding]!(Buffer.from('two'))])
      expect(Buffer.from(inflate([coding], body, LIMIT, endless())!).toString()).toBe('one two')
    }
  })

  test.each(CODINGS)('%s cut anywhere gives the beginning or nothing', (coding) => {
    const body = ENCODE[coding]!(text.subarray(0, 3000))
    for (let length = 1; length < body.length; length += 7) {
      const content = inflate([coding], body.subarray(0, length), 4096, endless()) ?? new Uint8Array(0)
      expect(Buffer.from(content).equals(text.subarray(0, content.length))).toBe(true)
    }
  })

  test.each(CODINGS)('%s: damage changes nothing for the next body', (coding) => {
    const body = ENCODE[coding]!(text.subarray(0, 3000))
    for (let at = 0; at < body.length; at += 11) {
      const damaged = Buffer.from(body)
      damaged[at]! ^= 0xff
      inflate([coding], damaged, LIMIT, endless())
      const content = inflate([coding], body, LIMIT, endless())
      expect(Buffer.from(content!).equals(text.subarray(0, LIMIT))).toBe(true)
    }
  })

  test.each(CODINGS)('%s: what was never compressed, and nothing at all', (coding) => {
    expect(inflate([coding], Buffer.from('no such coding'), LIMIT, endless())).toBeUndefined()
    expect(inflate([coding], new Uint8Array(0), LIMIT, endless())).toBeUndefined()
    expect(inflate([coding], ENCODE[coding]!(text), 0, endless())).toBeUndefined()
  })
})

describe('codings on top of each other', () => {
  test.each(CODINGS.flatMap((inner) => CODINGS.map((outer) => [inner, outer] as const)))(
    '%s, %s',
    (inner, outer) => {
      const codings = contentCodings(`${inner}, ${outer}`)
      const body = encode(codings, text.subarray(0, 40_000)).subarray(0, inflateInput(codings, LIMIT))
      const content = inflate(codings, body, LIMIT, endless())
      expect(Buffer.from(content!).equals(text.subarray(0, LIMIT))).toBe(true)
    },
  )

  test('four are undone, five are not', () => {
    const four = ['br', 'gzip', 'zstd', 'deflate']
    expect(inflate(four, encode(four, text.subarray(0, 2000)), LIMIT, endless())).toHaveLength(LIMIT)
    const five = [...four, 'gzip']
    expect(inflateInput(five, LIMIT)).toBe(0)
    expect(inflate(five, encode(five, text.subarray(0, 2000)), LIMIT, endless())).toBeUndefined()
  })

  test('one that is not known hides the body', () => {
    expect(inflateInput(['gzip', 'compress'], LIMIT)).toBe(0)
    expect(inflate(['compress', 'gzip'], zlib.gzipSync('abc'), LIMIT, endless())).toBeUndefined()
  })

  test.each([
    ['', []],
    ['identity', []],
    ['GZip', ['gzip']],
    ['gzip,br', ['gzip', 'br']],
    [' gzip ,, identity\t, br ', ['gzip', 'br']],
  ])('Content-Encoding: %s', (value, codings) => {
    expect(contentCodings(value)).toEqual(codings)
  })
})

describe('hostile bodies', () => {
  /** Each look at the clock is one step. */
  function steps(
    codings: readonly string[],
    bytes: Uint8Array,
  ): { steps: number; content: Uint8Array | undefined } {
    let looks = 0
    const budget = new DecodeBudget(() => {
      looks++
      return 0
    })
    looks = 0
    const content = inflate(codings, bytes, LIMIT, budget)
    return { steps: looks - 1, content }
  }

  test.each(HOSTILE_BODIES.map((body) => [body.codings.join(', '), body.name, body] as const))(
    '%s: %s',
    (_codings, _name, { codings, bytes }) => {
      const kept = bytes.subarray(0, inflateInput(codings, LIMIT))
      const { steps: taken, content } = steps(codings, kept)
      // A step reads its part of the input or fills the output.
      expect(taken).toBeLessThanOrEqual(codings.length * (Math.ceil((32 << 10) / 128) + 2))
      expect(content?.length ?? 0).toBeLessThanOrEqual(LIMIT)
    },
  )

  test('a bomb ends with the step that fills the output', () => {
    for (const { codings, bytes, name } of HOSTILE_BODIES) {
      if (name !== '16 MiB of zeros') continue
      expect(steps(codings, bytes)).toEqual({ steps: 1, content: new Uint8Array(LIMIT) })
    }
  })

  test('br: no more than a narrow window is filled', () => {
    // One step of input: 4 MiB of zeros, then damage. Who sees the damage has filled a window of 4 MiB.
    const { BROTLI_OPERATION_FLUSH, BROTLI_PARAM_LGWIN, BROTLI_PARAM_QUALITY } = zlib.constants
    const params = { [BROTLI_PARAM_LGWIN]: 24, [BROTLI_PARAM_QUALITY]: 5 }
    const zeros = zlib.brotliCompressSync(Buffer.alloc(4 << 20), {
      params,
      finishFlush: BROTLI_OPERATION_FLUSH,
    })
    const body = Buffer.concat([zeros, Uint8Array.of(0xff, 0xff)])
    expect(() => zlib.brotliDecompressSync(body)).toThrow()
    expect(inflate(['br'], body, LIMIT, endless())).toEqual(new Uint8Array(LIMIT))
  })

  test('zstd: windows up to 8 MiB, also in the frame behind', () => {
    const frame = (windowLog: number) => zstdFrame(windowLog, (3 << 3) | 1, [0x61, 0x62, 0x63])
    expect(Buffer.from(inflate(['zstd'], frame(23), LIMIT, endless())!).toString()).toBe('abc')
    expect(inflate(['zstd'], frame(24), LIMIT, endless())).toBeUndefined()
    const both = Buffer.concat([frame(23), frame(24)])
    expect(inflate(['zstd'], both, LIMIT, endless())).toBeUndefined()
  })

  test('memory stays what it is', () => {
    const round = (times: number) => {
      for (let i = 0; i < times; i++) {
        const { codings, bytes } = HOSTILE_BODIES[i % HOSTILE_BODIES.length]!
        inflate(codings, bytes.subarray(0, 512), LIMIT, endless())
      }
      Bun.gc(true)
      return process.memoryUsage.rss()
    }
    const before = round(500)
    // A decoder of zstd lost each time would be 80 MB, a window of brotli more.
    expect(round(2000) - before).toBeLessThan(24 << 20)
  })
})

describe('the budget', () => {
  test('a body that takes too long is given up, and counted', () => {
    let now = 0
    const budget = new DecodeBudget(() => {
      now += DECODE_LIMITS.perStepNs
      return now
    })
    const { codings, bytes } = HOSTILE_BODIES.find(({ name }) => name === 'empty meta-blocks')!
    expect(inflate(codings, bytes, LIMIT, budget)).toBeUndefined()
    expect(budget.refused).toBe(1)
    expect(now).toBeLessThanOrEqual(DECODE_LIMITS.perBodyNs + 4 * DECODE_LIMITS.perStepNs)
  })

  test('one that is done with its last step is shown', () => {
    let now = 0
    const budget = new DecodeBudget(() => (now += 1e9))
    expect(inflate(['gzip'], zlib.gzipSync('abc'), LIMIT, budget)).toHaveLength(3)
    expect(budget.refused).toBe(0)
  })
})
