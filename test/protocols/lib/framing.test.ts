import { describe, expect, test } from 'bun:test'
import { type Framed, Framing, type Shape } from '../../../src/protocols/lib/framing'
import type { Input, Read } from '../../../src/protocols/protocol'

/** A byte with the length of what follows; 0 begins nothing, and nothing that begins with `!` can be read. */
const SHAPE: Shape = {
  headBytes: 1,
  lengthAt: (bytes, at) => (bytes[at] === 0 ? 0 : 1 + bytes[at]!),
  mostKept: 6,
  wrong: 'no message',
}

const said = ({ bytes, start, end, length, isCut }: Framed) => ({
  text: Buffer.from(bytes.subarray(start + 1, end)).toString(),
  length,
  isCut,
})

/** Reads what `bytes` holds until nothing more can be read. */
function stage() {
  const messages: ReturnType<typeof said>[] = []
  const framing = new Framing(SHAPE, (framed) => {
    if (said(framed).text.startsWith('!')) return false
    messages.push(said(framed))
    return true
  })
  let timeNs = 0
  const say = (text: string): { read: Read; input: Input } => {
    const bytes = Buffer.from(text, 'latin1')
    timeNs += 10
    const at = timeNs
    const input: Input = {
      bytes,
      pos: 0,
      end: bytes.length,
      ended: false,
      timeAt: () => at,
      passedAt: () => 0,
    }
    let read: Read = 'message'
    while (read === 'message' && input.pos < input.end) read = framing.read(input)
    return { read, input }
  }
  return { framing, messages, say }
}

describe('messages', () => {
  test('several at once, and the beginning of another', () => {
    const { framing, messages, say } = stage()
    expect(say('\x03one\x03two\x05th').read).toBe('need-more')
    expect(messages.map(({ text }) => text)).toEqual(['one', 'two'])
    say('ree')
    expect(messages.at(-1)).toEqual({ text: 'three', length: 6, isCut: false })
    expect(framing.held).toBe(0)
  })

  test('byte by byte: what is beyond the bound is not kept, and nothing was lost', () => {
    const { framing, messages, say } = stage()
    for (const byte of '\x08longtext') say(byte)
    expect(messages).toEqual([{ text: 'longt', length: 9, isCut: false }])
    expect(framing.held).toBe(0)
  })

  test('where none begins, and where one cannot be read', () => {
    const { say } = stage()
    expect(say('\x00abc').read).toEqual({ invalid: 'no message', bytes: 1 })
    expect(say('\x02!a\x01b').read).toEqual({ invalid: 'no message', bytes: 3 })
    say('\x02')
    const { read, input } = say('!a\x01b')
    expect(read).toEqual({ invalid: 'no message', bytes: 1 })
    // One byte is passed over, and the next message begins behind it.
    expect(input.pos + 1).toBe(2)
  })
})

describe('holes', () => {
  test('in what is kept: the message is cut there, and the next one is whole', () => {
    const { framing, messages, say } = stage()
    say('\x05ab')
    expect(framing.pass(2, 15)).toBe(true)
    say('e\x02hi')
    expect(messages).toEqual([
      { text: 'ab', length: 6, isCut: true },
      { text: 'hi', length: 3, isCut: false },
    ])
  })

  test('in what is not kept, to its end: it costs nothing, and is not needed', () => {
    const { framing, messages, say } = stage()
    say('\x09abcde')
    expect(framing.unwanted).toBe(4)
    expect(framing.pass(4, 15)).toBe(true)
    expect(messages).toEqual([{ text: 'abcde', length: 10, isCut: false }])
    expect(framing.unwanted).toBe(0)
  })

  test('over the end, or between messages: where the next one begins is not known', () => {
    const { framing, messages, say } = stage()
    expect(framing.pass(1, 5)).toBe(false)
    say('\x05ab')
    expect(framing.pass(4, 15)).toBe(false)
    framing.cut()
    expect(messages).toEqual([{ text: 'ab', length: 6, isCut: true }])
  })
})
