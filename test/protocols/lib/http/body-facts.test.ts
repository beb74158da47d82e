/** What a content says behind the part of it that is kept. */
import { describe, expect, test } from 'bun:test'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { DecodeBudget } from '../../../../src/protocols/lib/decode-budget'
import { Body, wholeBodyFacts } from '../../../../src/protocols/lib/http/body'
import { END } from '../../../../src/protocols/lib/http/body-facts'
import { fieldsOf } from '../../../../src/protocols/lib/http/fields'

const settings = (bodyLimit = 64, redact = true) => ({
  bodyLimit,
  redact,
  decodeBudget: new DecodeBudget(() => 0),
})
const JSON_HEAD = 'Content-Type: application/json; charset=utf-8'
const EVENTS_HEAD = 'Content-Type: text/event-stream'

interface Given {
  readonly head?: string
  readonly step?: number
  readonly whole?: boolean
  readonly bodyLimit?: number
  /** Bytes that aren't captured. */
  readonly hole?: readonly [from: number, to: number]
}

function factsOf(
  content: string | Uint8Array,
  { head = JSON_HEAD, step = 999, whole = true, bodyLimit = 64, hole }: Given = {},
) {
  const body = new Body(fieldsOf(head, true), settings(bodyLimit))
  const bytes = new Uint8Array(Buffer.from(content))
  const add = (from: number, to: number) => {
    for (let at = from; at < to; at += step) body.add(bytes, at, Math.min(to, at + step), 5)
  }
  add(0, hole?.[0] ?? bytes.length)
  if (hole) {
    body.pass(hole[1] - hole[0])
    add(hole[1], bytes.length)
  }
  body.text()
  const facts = body.facts(whole)
  return facts === '' ? undefined : (JSON.parse(facts) as Record<string, unknown>)
}

const answer = (text: string) =>
  JSON.stringify({
    model: 'm',
    choices: [{ message: { content: text }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 12, completion_tokens: 34 },
  })
const SAID = { model: 'm', stop: 'stop', input: '12', output: '34' }
const LONG = answer('"usage":{"completion_tokens":99} '.repeat(2000))

describe('a document', () => {
  test('that is a list of messages says when not all of it was read', () => {
    const calls = (count: number) =>
      JSON.stringify(Array.from({ length: count }, (_, id) => ({ jsonrpc: '2.0', method: `m${id}`, id })))
    expect(factsOf(calls(5))?.parted).toBeUndefined()
    expect(factsOf(calls(5000))?.parted).toBe(true)
    expect(factsOf(calls(50), { hole: [500, 600] })?.parted).toBe(true)
    const params = ['x'.repeat(3 * END)]
    expect(factsOf(JSON.stringify({ jsonrpc: '2.0', method: 'm', params, id: 1 }))?.parted).toBeUndefined()
  })

  test('that is longer than what is kept says what stands at its end', () => {
    for (const step of [1, 100, 5000, 1 << 20]) expect(factsOf(LONG, { step })).toEqual(SAID)
    expect(
      JSON.parse(wholeBodyFacts(Buffer.from(LONG), 0, LONG.length, fieldsOf(JSON_HEAD, true), settings())),
    ).toEqual(SAID)
  })

  test('that is kept whole has no facts of its own', () => {
    expect(factsOf(answer('x'), { bodyLimit: 1024 })).toBeUndefined()
    expect(wholeBodyFacts(Buffer.from('{}'), 0, 2, fieldsOf(JSON_HEAD, true), settings())).toBe('')
  })

  test('whose middle isn’t captured', () => {
    expect(factsOf(LONG, { hole: [500, LONG.length - END] })).toEqual(SAID)
    expect(factsOf(LONG, { hole: [70, LONG.length - 300] })).toEqual(SAID)
  })

  test('that is cut says nothing of its end', () => {
    expect(factsOf(LONG.slice(0, -1), { whole: false })).toEqual({ model: 'm' })
  })

  test('of which nothing is to be kept has none', () => {
    expect(factsOf(LONG, { bodyLimit: 0 })).toBeUndefined()
  })

  test('of another type has none', () => {
    expect(factsOf(LONG, { head: 'Content-Type: text/html' })).toBeUndefined()
  })

  test('under a coding', () => {
    for (const [coding, bytes] of [
      ['gzip', gzipSync(LONG.slice(0, 0) + answer('word '.repeat(200)))],
      ['br', brotliCompressSync(answer('word '.repeat(200)))],
    ] as const)
      expect(factsOf(bytes, { head: `${JSON_HEAD}\nContent-Encoding: ${coding}` })).toEqual(SAID)
  })
})

test('a stream of events is read whole', () => {
  const event = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`
  const chunk = (delta: unknown) =>
    event({ model: 'm', choices: [{ delta, finish_reason: null }], usage: null })
  const content =
    chunk({ content: 'x' }).repeat(200) +
    chunk({ tool_calls: [{ function: { name: 'search', arguments: '' } }] }) +
    chunk({ content: 'y' }).repeat(200) +
    event({ model: 'm', choices: [{ delta: {}, finish_reason: 'stop' }] }) +
    event({ model: 'm', choices: [], usage: { prompt_tokens: 12, completion_tokens: 34 } })
  const said = { ...SAID, tools: ['search'] }
  for (const step of [1, 60, 1 << 20]) expect(factsOf(content, { head: EVENTS_HEAD, step })).toEqual(said)
  // Where it is cut it says what was there.
  expect(factsOf(content.slice(0, -20), { head: EVENTS_HEAD, whole: false })).toEqual({
    model: 'm',
    tools: ['search'],
    stop: 'stop',
    input: '12',
  })
})

test('secrets are no facts', () => {
  const secret = 'sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMN'
  const said = factsOf(
    JSON.stringify({
      pad: 'x'.repeat(100),
      error: { message: `Incorrect API key provided: ${secret}` },
      jsonrpc: '2.0',
    }),
  )
  expect(JSON.stringify(said)).not.toContain(secret)
  expect(said).toMatchObject({ errorMessages: [expect.stringContaining('Incorrect')] })
})

test('what is said over and over is kept within bounds', () => {
  const many = JSON.stringify(
    Array.from({ length: 20_000 }, (_, i) => ({ id: i, method: 'x'.repeat(300), jsonrpc: '2.0' })),
  )
  const body = new Body(fieldsOf(EVENTS_HEAD, true), settings())
  const bytes = Buffer.from(many)
  body.add(bytes, 0, bytes.length, 0)
  expect(body.held).toBeLessThan(16 << 10)
  const facts = JSON.parse(body.facts(true)) as Record<string, unknown>
  expect([
    facts['methods#'],
    (facts.methods as string[]).length,
    (facts.methods as string[])[0]!.length,
  ]).toEqual([20_000, 16, 128])
})

test('bytes that nobody needs are told', () => {
  const unneeded = (head: string, bodyLimit: number, size: number, left: number) => {
    const body = new Body(fieldsOf(head, true), settings(bodyLimit))
    body.add(new Uint8Array(size), 0, size, 0)
    return body.unneeded(left)
  }
  expect(unneeded('Content-Type: text/html', 64, 64, 100_000)).toBe(100_000)
  expect(unneeded('Content-Type: text/html', 64, 63, 100_000)).toBe(0)
  // The end of JSON is needed.
  expect(unneeded(JSON_HEAD, 64, 64, 100_000)).toBe(100_000 - END)
  expect(unneeded(JSON_HEAD, 64, 64, 100)).toBe(0)
  expect(unneeded(JSON_HEAD, 0, 0, 100_000)).toBe(100_000)
})
