import { describe, expect, test } from 'bun:test'
import { redactArguments } from '../../src/metadata/command/secrets'
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
