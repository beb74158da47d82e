/** JSON that passes in pieces: each split says the same, and what is cut or lost says what can be known. */
import { describe, expect, test } from 'bun:test'
import { JsonLines } from '../../../../src/protocols/lib/json/lines'
import { JsonScanner } from '../../../../src/protocols/lib/json/scanner'
import { cpuMs } from '../../../support/cpu-time'

type Part = string | 'MISSES'

/** What is told of these parts, by path; of a number and the like with its kind. */
function told(
  parts: readonly Part[],
  { lines = false, whole = true, step = Number.POSITIVE_INFINITY } = {},
): string[] {
  const said: string[] = []
  const listener = {
    wants: () => true,
    value: (path: string, value: string, isText: boolean) =>
      void said.push(`${path}=${isText ? JSON.stringify(value) : value}`),
  }
  const reader = lines ? new JsonLines(listener) : new JsonScanner(listener)
  for (const part of parts) {
    if (part === 'MISSES') {
      reader.misses()
      continue
    }
    const bytes = new Uint8Array(Buffer.from(part))
    for (let at = 0; at < bytes.length; at += step) reader.take(bytes, at, Math.min(bytes.length, at + step))
  }
  reader.finish(whole)
  return said
}

const DOCUMENT =
  ' {"a":1, "b" : [true,{"c":"x\\"\\\\"},[2]], "":null,"é\\n":"\\u00e9\\ud83d\\ude00/", "d":{"a":-1.5e3},"e":{},"f":[] } '

describe('a document', () => {
  const all = ['a=1', 'b.*=true', 'b.*.c="x\\"\\\\"', 'b.*.*=2', 'd.a=-1.5e3']
  test('each value with the names above it', () => {
    const said = told([DOCUMENT])
    expect(said.filter((text) => all.includes(text))).toEqual(all)
    expect(said.at(4)).toBe('=null')
    expect(said.some((text) => text.endsWith('="é😀/"'))).toBe(true)
  })

  test('in pieces of any size', () => {
    for (let step = 1; step < 40; step++) expect(told([DOCUMENT], { step })).toEqual(told([DOCUMENT]))
  })

  test('cut anywhere it says nothing else than the whole, but for the beginning of a text', () => {
    const whole = told([DOCUMENT])
    for (let end = 0; end < DOCUMENT.length; end++) {
      const said = told([DOCUMENT.slice(0, end)], { whole: false })
      const cut = said.at(-1)?.endsWith('…"') ? said.pop()! : undefined
      expect(said).toEqual(whole.slice(0, said.length))
      if (cut) expect(whole[said.length]!.startsWith(cut.slice(0, cut.indexOf('=') + 1))).toBe(true)
    }
  })

  test('several behind each other, and what is none', () => {
    expect(told(['{"a":1}\n{"a":2} [3] "x" 4'])).toEqual(['a=1', 'a=2', '*=3', '="x"', '=4'])
    expect(told(['}}]{"a":1,,"b" 2 "c":3}'])).toEqual(['a=1', 'c=3'])
  })
})

describe('behind a hole', () => {
  const tail = (text: string, whole = true) => told(['{"a":"', 'MISSES', text], { whole })
  test('members of the outermost object are known at the end, and what they hold', () => {
    expect(tail('x\\"y, \\"b\\":1,", "u":{"n":12}, "z":"w"}')).toEqual(['a="…"', 'u.n=12', 'z="w"'])
  })

  test('of an object within, which isn’t named, its depth is known', () => {
    expect(tail('", "in":1}, {"in":2}], "out":3}')).toEqual(['a="…"', '?.?.in=1', '?.*.in=2', 'out=3'])
  })

  test('a text that ends there, or looks like members, is none', () => {
    expect(tail('end","u":1}')).toEqual(['a="…"', 'u=1'])
    expect(tail(',\\"u\\":1,\\"v\\":2 "}')).toEqual(['a="…"'])
  })

  test('without the end nothing is told', () => {
    expect(tail('", "u":{"n":12}, "z":"w"', false)).toEqual(['a="…"'])
    expect(tail('", "u":{"n":12}, "z":"w"')).toEqual(['a="…"'])
  })
})

describe('lines', () => {
  const events =
    'event: a\ndata: {"a":1}\n\nid: 7\ndata:{"a":"x"}\r\n\r\n: data: {"a":9}\ndatax: {"a":9}\ndata: {"b":\ndata: 2}\n\ndata: [DONE]\n\n'
  const said = ['a=1', 'a="x"', 'b=2', '*=DONE']
  test('data of events, in pieces of any size', () => {
    for (let step = 1; step < 40; step++) expect(told([events], { lines: true, step })).toEqual(said)
  })

  test('documents, each of them by itself', () => {
    expect(told(['{"a":1}\n{"a":\n{"a":"x\n\n{"b":2}\n'], { lines: true })).toEqual(['a=1', 'a="x …"', 'b=2'])
  })

  test('behind a hole the rest of the line is read, and then the next ones', () => {
    const parts = ['data: {"a":"', 'MISSES', 'x","u":{"n":1}}\n\ndata: {"a":3}\n\n']
    expect(told(parts, { lines: true })).toEqual(['a="…"', 'u.n=1', 'a=3'])
  })
})

test('hostile bytes take linear time, in large and in small pieces', () => {
  const parts = [
    '"',
    '\\',
    '\\"',
    '{',
    '[',
    '{"a":',
    '"a":"b",',
    '1',
    '1 ',
    ',',
    ':',
    '}',
    '\n',
    'data: ',
    'data: {',
    '\r\n',
    '"a" ',
  ]
  for (const part of parts) {
    const text = `{"x":"${part.repeat(Math.ceil(300_000 / part.length))}`
    const spent = cpuMs(() => {
      for (const lines of [false, true])
        for (const step of [7, 1 << 20]) told([text, 'MISSES', text], { lines, step })
    })
    // Quadratic work would take minutes.
    expect(spent).toBeLessThan(1500)
  }
})
