import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { redactArguments } from '../../src/metadata/command/secrets'
import { redactText } from '../../src/redaction/text'
import { exchange } from './exchange'
import { BODIES, COMMANDS, HEADERS, PATHS, REASONS } from './ordinary'

describe('ordinary traffic is left alone', () => {
  test.each(PATHS)('target %s', (path) => {
    expect(exchange({ path }).req_path).toBe(path)
  })

  test.each(HEADERS)('header %s', (line) => {
    const colon = line.indexOf(':')
    const shown = JSON.parse(exchange({ headers: line }).resp_headers)
    // The exchange has a type of its own.
    if (!line.startsWith('Content-Type')) expect(shown[line.slice(0, colon)]).toBe(line.slice(colon + 2))
  })

  test.each(REASONS)('reason %s', (reason) => {
    expect(exchange({ reason }).resp_message).toBe(reason)
  })

  test.each(BODIES)('body %s', (body) => {
    expect(exchange({ body }).resp_body).toBe(body)
  })

  test.each(COMMANDS)('command %s', (command) => {
    expect(redactArguments(command.split('|')).join('|')).toBe(command)
  })
})

/** Most pieces of program text, in which something may be taken for a secret: 3.4 % were before expressions were told. */
const MOST_PIECES = 0.015
const PIECE = 1024

test('in program text nearly nothing is taken for a secret', () => {
  const root = join(import.meta.dir, '../..')
  const files = [
    'src/**/*.ts',
    'ui/**/*.{ts,tsx}',
    'node_modules/hono/dist/**/*.js',
    'node_modules/htmx.org/src/*.js',
  ]
    .flatMap((glob) => [...new Bun.Glob(glob).scanSync({ cwd: root })])
    // What secrets look like stands there.
    .filter((name) => !/^src\/(?:redaction|metadata\/command)\//.test(name))
  let pieces = 0
  const taken: string[] = []
  for (const name of files) {
    const text = readFileSync(join(root, name), 'latin1')
    for (let at = 0; at < text.length; at += PIECE, pieces++) {
      const piece = text.slice(at, at + PIECE)
      if (redactText(piece) !== piece) taken.push(name)
    }
  }
  console.log(
    `program text: ${taken.length} of ${pieces} pieces of 1 KiB (${((100 * taken.length) / pieces).toFixed(2)} %)`,
  )
  expect(pieces).toBeGreaterThan(2000)
  expect(taken.length / pieces).toBeLessThan(MOST_PIECES)
})
