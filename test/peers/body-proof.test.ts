/** Bodies of answers between nodes: only what is proven comes out, and it comes out while the rest is under way. */
import { expect, test } from 'bun:test'
import { hasBody, MOST_BYTES, openBody, sealBody } from '../../src/peers/body-proof'
import { until } from '../support/scope'

const KEY = 'shared'
const NONCE = 'n1'

const streamOf = (pieces: readonly Uint8Array[]) =>
  new ReadableStream<Uint8Array>({
    start(out) {
      for (const piece of pieces) out.enqueue(piece)
      out.close()
    },
  })
const bytesOf = (stream: ReadableStream<Uint8Array>) => Bun.readableStreamToBytes(stream)
const textOf = async (stream: ReadableStream<Uint8Array>) => Buffer.from(await bytesOf(stream)).toString()
const split = (bytes: Uint8Array, size: number) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
const text = (...pieces: string[]) => pieces.map((piece) => Buffer.from(piece))
const sealed = (...pieces: string[]) => bytesOf(sealBody(streamOf(text(...pieces)), KEY, NONCE))
const opened = (bytes: Uint8Array, nonce = NONCE, key = KEY) => openBody(streamOf([bytes]), key, nonce, 'b')

test('what was said comes out, however the network cuts it', async () => {
  const bytes = await sealed('one', '', 'two', 'three')
  for (const size of [1, 2, 5, 36, 37, 1000])
    expect(await textOf(openBody(streamOf(split(bytes, size)), KEY, NONCE, 'b'))).toBe('onetwothree')
})

test('long pieces, and none at all', async () => {
  const long = new Uint8Array(3 * MOST_BYTES + 1).fill(7)
  expect(await bytesOf(opened(await bytesOf(sealBody(streamOf([long]), KEY, NONCE))))).toEqual(long)
  expect(await textOf(opened(await bytesOf(sealBody(null, KEY, NONCE))))).toBe('')
})

test('no byte can be changed, left out or added', async () => {
  const bytes = await sealed('one', 'two')
  for (let i = 0; i < bytes.length; i++) {
    const other = Uint8Array.from(bytes)
    other[i]! ^= 1
    expect(textOf(opened(other)), `changed at ${i}`).rejects.toThrow("from node 'b'")
    expect(textOf(opened(bytes.subarray(0, i))), `cut at ${i}`).rejects.toThrow("from node 'b'")
  }
  expect(textOf(opened(Buffer.concat([bytes, Buffer.from([0])])))).rejects.toThrow('not all')
  expect(textOf(openBody(null, KEY, NONCE, 'b'))).rejects.toThrow('not all')
})

test('frames in another order, of another answer, or under another token are none', async () => {
  const bytes = await sealed('one', 'two')
  const frame = bytes.length - 36 - 39 - 39 === 0 ? 39 : 0
  expect(frame).toBe(39)
  const swapped = Buffer.concat([bytes.subarray(39, 78), bytes.subarray(0, 39), bytes.subarray(78)])
  expect(textOf(opened(swapped))).rejects.toThrow('changed')
  expect(textOf(opened(bytes, 'n2'))).rejects.toThrow('changed')
  expect(textOf(opened(bytes, NONCE, 'other'))).rejects.toThrow('changed')
})

test('a piece comes out before the next one is said, and an end that is cut short stays one', async () => {
  let out!: ReadableStreamDefaultController<Uint8Array>
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      out = controller
    },
  })
  const reader = openBody(sealBody(source, KEY, NONCE), KEY, NONCE, 'b').getReader()
  out.enqueue(Buffer.from('first'))
  expect(Buffer.from((await reader.read()).value!).toString()).toBe('first')
  out.error(new Error('cut short'))
  expect(reader.read()).rejects.toThrow('cut short')
})

test('who stops reading stops what is said', async () => {
  let isCancelled = false
  const source = new ReadableStream<Uint8Array>({
    pull: (out) => out.enqueue(new Uint8Array(10)),
    cancel() {
      isCancelled = true
    },
  })
  const reader = openBody(sealBody(source, KEY, NONCE), KEY, NONCE, 'b').getReader()
  await reader.read()
  await reader.cancel()
  await until('the source to be cancelled', () => isCancelled)
})

test.each([
  ['HEAD', 200, false],
  ['GET', 200, true],
  ['POST', 204, false],
  ['GET', 304, false],
  ['GET', 302, true],
  ['GET', 503, true],
] as const)('%s %i has a body: %p', (method, status, has) => {
  expect(hasBody(method, status)).toBe(has)
})
