/** What one end says, put in order; and what is missing. */
import { describe, expect, test } from 'bun:test'
import { Half } from '../../src/streams/half'
import { Sequencer } from '../../src/streams/sequencer'
import { random } from './wire'

/** Delivers into a text in which `[n]` is a hole of n bytes. */
function sequencing(begin?: number) {
  const out: string[] = []
  let bytes = 0
  let holes = 0
  const sequencer = new Sequencer(new Half(true), {
    bytes: (_, payload) => {
      bytes += payload.length
      out.push(Buffer.from(payload).toString('latin1'))
    },
    missing: (_, hole) => {
      holes += hole
      out.push(`[${hole}]`)
    },
  })
  if (begin !== undefined) sequencer.begin(begin)
  let timeNs = 0
  const take = (offset: number, text: string, size = text.length) =>
    sequencer.take(offset >>> 0, size, new Uint8Array(Buffer.from(text, 'latin1')), ++timeNs)
  return { sequencer, take, said: () => out.join(''), sums: () => ({ bytes, holes }) }
}

describe('in order', () => {
  test('goes through at once, without a copy', () => {
    const { sequencer, take, said } = sequencing(100)
    take(100, 'one ')
    take(104, 'two')
    expect(said()).toBe('one two')
    expect(sequencer.holds).toBe(false)
  })

  test('without an opening the first event sets the position', () => {
    const { take, said } = sequencing()
    take(7777, 'first ')
    take(7783, 'second')
    expect(said()).toBe('first second')
  })

  test('offsets wrap around 2^32', () => {
    const { take, said } = sequencing(2 ** 32 - 3)
    take(2 ** 32 - 3, 'abcdef')
    take(3, 'ghi')
    expect(said()).toBe('abcdefghi')
  })

  test('an event of which a part was captured leaves a hole behind it', () => {
    const { take, said } = sequencing(0)
    take(0, 'head', 10)
    take(10, 'next')
    expect(said()).toBe('head[6]next')
  })

  test('more captured than moved is cut', () => {
    const { take, said } = sequencing(0)
    take(0, 'four and more', 4)
    take(4, '!')
    expect(said()).toBe('four!')
  })
})

describe('out of order', () => {
  test('what is ahead waits for the missing one', () => {
    const { sequencer, take, said } = sequencing(0)
    take(3, 'def')
    take(6, 'ghi')
    expect(said()).toBe('')
    expect([sequencer.holds, sequencer.held]).toEqual([true, 6])
    take(0, 'abc')
    expect(said()).toBe('abcdefghi')
    expect([sequencer.holds, sequencer.held]).toEqual([false, 0])
  })

  test('duplicates and overlaps are used once', () => {
    const { take, said } = sequencing(0)
    take(0, 'abc')
    take(0, 'abc')
    take(1, 'bcdef')
    take(4, 'efghi')
    take(2, 'cd')
    expect(said()).toBe('abcdefghi')
  })

  test('an overlap of what wasn’t captured is no hole twice', () => {
    const { take, said } = sequencing(0)
    take(0, 'ab', 6)
    take(2, 'cdefgh')
    expect(said()).toBe('ab[4]gh')
  })

  test('what is ahead is let go, with the hole, when it is flushed, or too much', () => {
    const { sequencer, take, said } = sequencing(0)
    take(5, 'late')
    sequencer.flush()
    expect(said()).toBe('[5]late')
    const many = sequencing(0)
    for (let i = 1; i <= 9; i++) many.take(10 * i, 'x')
    expect(many.said().startsWith('[10]x[9]x')).toBe(true)
    const large = sequencing(0)
    large.take(1, 'x'.repeat(300 << 10))
    expect(large.sequencer.held).toBe(0)
  })

  test('the missing one that comes after all says nothing any more', () => {
    const { sequencer, take, said } = sequencing(0)
    take(3, 'def')
    sequencer.flush()
    take(0, 'abc')
    take(6, 'ghi')
    expect(said()).toBe('[3]defghi')
  })

  test('a far jump is another history', () => {
    const { take, said } = sequencing(0)
    take(0, 'abc')
    take(2 ** 31, 'other')
    take(2 ** 31 + 5, ' one')
    expect(said()).toBe('abc[Infinity]other one')
  })
})

describe('the end', () => {
  test.each([
    ['what the kernel counted and nobody saw is missing', 10, 'abc[7]'],
    ['nothing is missing', 3, 'abc'],
    ['fewer than were seen say nothing', 1, 'abc'],
  ])('%s', (_, moved, wanted) => {
    const { sequencer, take, said } = sequencing(0)
    take(0, 'abc')
    sequencer.end(moved, 9)
    expect(said()).toBe(wanted)
  })

  test('is not told of a stream whose position was lost', () => {
    const { sequencer, take, said } = sequencing(0)
    take(0, 'abc')
    sequencer.restart()
    take(1000, 'def')
    sequencer.end(5000, 9)
    expect(said()).toBe('abcdef')
  })

  test('what was dropped is missing when the next comes', () => {
    const { sequencer, take, said } = sequencing(0)
    take(3, 'def')
    sequencer.drop()
    expect(sequencer.held).toBe(0)
    take(6, 'ghi')
    sequencer.flush()
    expect(said()).toBe('[6]ghi')
  })
})

test('random play: every byte is delivered once and in place, or missing', () => {
  const text = Array.from({ length: 2000 }, (_, i) => String.fromCharCode(97 + (i % 26))).join('')
  for (let seed = 1; seed <= 200; seed++) {
    const next = random(seed)
    const begin = Math.floor(next() * 2 ** 32)
    const { sequencer, take, said, sums } = sequencing(begin)
    const events: [number, number][] = []
    for (let at = 0; at < text.length; ) {
      const size = Math.min(text.length - at, 1 + Math.floor(next() * 60))
      if (next() > 0.05) events.push([at, size])
      if (next() < 0.05) events.push([Math.max(0, at - 20), Math.min(size + 20, text.length - at)])
      at += size
    }
    for (let i = 1; i < events.length; i++)
      if (next() < 0.2) [events[i - 1], events[i]] = [events[i]!, events[i - 1]!]
    for (const [at, size] of events) {
      take(begin + at, text.slice(at, at + Math.floor(size * (next() < 0.1 ? next() : 1))), size)
      if (next() < 0.05) sequencer.flush()
      expect(sequencer.held).toBeLessThanOrEqual(256 << 10)
    }
    sequencer.end(text.length, 1e9)
    const { bytes, holes } = sums()
    expect(bytes + holes, `seed ${seed}`).toBe(text.length)
    let at = 0
    for (const [, hole, part] of said().matchAll(/\[(\d+)\]|([a-z]+)/g)) {
      if (hole) at += Number(hole)
      else {
        expect(text.slice(at, at + part!.length), `seed ${seed}`).toBe(part!)
        at += part!.length
      }
    }
  }
})
