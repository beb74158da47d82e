/** The cases of the end-to-end test through the streams alone: whole, byte by byte, and on a connection that was joined. */
import { describe, expect, test } from 'bun:test'
import { PROTOCOLS } from '../../../src/protocols'
import { THEMES } from '../../e2e/http-cases'
import type { Case } from '../../e2e/http-cases/case'
import { allOf, compared, lengthOf, type Recorded } from '../../e2e/http-cases/compare'
import { end, rig, Wire } from '../../streams/wire'

const SHORT = 4000

interface Play {
  readonly byByte?: boolean
  readonly joined?: boolean
}

function play({ turns }: Case, { byByte = false, joined = false }: Play): Recorded[] {
  const { streams, sink } = rig(PROTOCOLS)
  const wire = new Wire({ before: 0 })
  streams.handle(joined ? wire.found() : wire.open())
  for (const [from, text] of turns) {
    for (const piece of byByte ? text : [text])
      streams.handle(from === 'client' ? wire.request(piece) : wire.response(piece))
  }
  end(streams, wire)
  return sink.rows('http_events') as unknown as Recorded[]
}

function check(how: string, { expected, found }: ReturnType<typeof compared>): void {
  expect({ how, rows: found }).toEqual({ how, rows: expected })
}

for (const [theme, cases] of Object.entries(THEMES)) {
  describe(theme, () => {
    test('names are unique', () => {
      const names = cases.map(({ name }) => name)
      expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
    })

    test.each(cases.map((each) => [each.name, each] as const))('%s', (_, each) => {
      check('whole', compared(each.rows, play(each, {})))
      if (lengthOf(each) <= SHORT) check('byte by byte', compared(each.rows, play(each, { byByte: true })))
      if (each.joined === 'not') return
      const compare = each.joined === 'some' ? allOf : compared
      check('joined', compare(each.rows, play(each, { joined: true })))
    })
  })
}
