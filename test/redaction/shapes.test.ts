import { describe, expect, test } from 'bun:test'
import { redactArguments } from '../../src/metadata/command/secrets'
import { redactText } from '../../src/redaction/text'
import { exchange } from './exchange'
import { BODIES, COMMANDS, HEADERS, PATHS, plain, REASONS, secretsIn } from './shapes'

/** A secret that was cut off may show so many of its characters: what marks its kind, and a few. */
const SHOWN = 16

function expectNone(text: string, marked: string): void {
  for (const secret of secretsIn(marked)) {
    // JSON of a row escapes quotes and line breaks.
    for (const part of secret.split(/[\s"\\]+/)) if (part.length > 3) expect(text, marked).not.toContain(part)
  }
}

test('there are more than a hundred', () => {
  const all = [...PATHS, ...HEADERS, ...REASONS, ...BODIES.map(([, content]) => content), ...COMMANDS]
  expect(all.length).toBeGreaterThan(100)
  expect(all.every((marked) => secretsIn(marked).length > 0)).toBe(true)
})

describe('in no row', () => {
  test.each(PATHS)('target %s', (marked) => {
    expectNone(JSON.stringify(exchange({ path: plain(marked) })), marked)
  })

  test.each(HEADERS)('header %s', (marked) => {
    const { req_headers, resp_headers } = exchange({ headers: plain(marked) })
    expectNone(req_headers, marked)
    expectNone(resp_headers, marked)
    expect(Object.keys(JSON.parse(req_headers))).toContain(marked.split(':')[0]!)
  })

  test.each(REASONS)('reason %s', (marked) => {
    const { resp_message } = exchange({ reason: plain(marked) })
    expectNone(resp_message, marked)
    expect(resp_message).toContain('[redacted]')
  })

  test.each(BODIES)('%s %s', (type, marked) => {
    const { req_body, resp_body } = exchange({ type, body: plain(marked) })
    expectNone(req_body, marked)
    expectNone(resp_body, marked)
  })

  test.each(COMMANDS)('command %s', (marked) => {
    expectNone(redactArguments(plain(marked).split('|')).join('|'), marked)
  })
})

test('secrets that the limit of bodies cuts off are replaced as well', () => {
  for (const [type, marked] of BODIES) {
    // What a sign within tells can't be told in front of it, and one sign is longer than what may be shown.
    if (/\.atlasv1\.|8Q~|JQQJ99|LS0tLS1CRUdJTi/.test(marked)) continue
    const body = plain(marked)
    for (const secret of secretsIn(marked)) {
      const start = body.indexOf(secret)
      for (let end = start + SHOWN; end < start + secret.length; end++) {
        const { req_body } = exchange({ type, body, bodyLimit: end })
        expect(req_body, `${marked} cut at ${end}`).not.toContain(body.slice(start, end))
      }
    }
  }
})

test('JSON stays JSON', () => {
  for (const [type, marked] of BODIES) {
    if (type !== 'application/json' || marked.startsWith("{'")) continue
    const body = plain(marked)
    JSON.parse(body)
    JSON.parse(exchange({ type, body }).req_body)
  }
})

test('what is replaced stays as it is', () => {
  for (const marked of [...PATHS, ...HEADERS, ...BODIES.map(([, content]) => content)]) {
    const once = redactText(plain(marked))
    expect(redactText(once)).toBe(once)
  }
})
