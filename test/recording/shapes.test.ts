/** Whatever secret Nixie keeps out of its rows is in no recording either. */
import { describe, expect, test } from 'bun:test'
import { PROCESS_EXEC } from '../../src/events/identity'
import { redactTape } from '../../src/recording/redact'
import type { Tape } from '../../src/recording/tape'
import { BODIES, COMMANDS, HEADERS, PATHS, plain, REASONS, secretsIn } from '../redaction/shapes'
import { Wire } from '../streams/wire'
import { processBytes, tapeOf } from './tapes'

interface Said {
  readonly path?: string
  readonly headers?: string
  readonly reason?: string
  readonly type?: string
  readonly body?: string
}

const bytesOf = (text: string) => Buffer.from(text)
const contentsOf = (tape: Tape) => Buffer.concat([...tape].map(({ bytes }) => Buffer.from(bytes)))

/** An exchange, in calls of so many bytes. */
function recorded(
  { path = '/', headers = 'A: b', reason = 'OK', type = 'text/plain', body = '' }: Said,
  call: number,
) {
  const rest = `${headers}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  const wire = new Wire()
  const calls = (text: string) => {
    const bytes = bytesOf(text)
    return Array.from({ length: Math.ceil(bytes.length / call) }, (_, i) =>
      bytes.subarray(i * call, (i + 1) * call),
    )
  }
  return tapeOf([
    ...calls(`POST ${path} HTTP/1.1\r\nHost: a\r\n${rest}`).map((bytes) =>
      wire.request(new Uint8Array(bytes)),
    ),
    ...calls(`HTTP/1.1 200 ${reason}\r\n${rest}`).map((bytes) => wire.response(new Uint8Array(bytes))),
  ])
}

/** The same bytes, but for the secrets; `marked` says which they are. */
function expectNone(said: Said, marked: string): void {
  for (const call of [4096, 7]) {
    const before = contentsOf(recorded(said, call))
    const tape = recorded(said, call)
    expect(redactTape(tape).unread).toBe(0)
    expect(contentsOf(tape)).toHaveLength(before.length)
    // In small calls heads of events stand in between: what was said is put together again.
    expectNot(
      [...tape].map(({ bytes }) => Buffer.from(bytes.subarray(112)).toString('latin1')).join(''),
      marked,
    )
  }
}

function expectNot(text: string, marked: string): void {
  for (const secret of secretsIn(marked))
    for (const part of secret.split(/[\s"\\]+/))
      if (part.length > 3) expect(text, marked).not.toContain(bytesOf(part).toString('latin1'))
}

describe('on no tape', () => {
  test.each(PATHS)('target %s', (marked) => expectNone({ path: plain(marked) }, marked))
  test.each(HEADERS)('header %s', (marked) => expectNone({ headers: plain(marked) }, marked))
  test.each(REASONS)('reason %s', (marked) => expectNone({ reason: plain(marked) }, marked))
  test.each(BODIES)('%s %s', (type, marked) => expectNone({ type, body: plain(marked) }, marked))
  test.each([...HEADERS])('NATS header %s', (marked) => {
    const headers = `NATS/1.0\r\n${plain(marked)}\r\n\r\n`
    const length = Buffer.byteLength(headers)
    const info = 'INFO {"server_id":"a","version":"2.10.0","headers":true,"max_payload":1048576}\r\n'
    const wire = new Wire({ local: ['10.0.0.1', 4222] })
    const tape = tapeOf([
      wire.response(info),
      wire.request(
        new Uint8Array(
          bytesOf(`CONNECT {"verbose":false}\r\nHPUB a ${length} ${length + 2}\r\n${headers}ok\r\n`),
        ),
      ),
    ])
    expect(redactTape(tape).unread).toBe(0)
    expectNot(contentsOf(tape).toString('latin1'), marked)
  })
  test.each(COMMANDS)('command %s', (marked) => {
    const tape = tapeOf([])
    tape.add('process', processBytes({ kind: PROCESS_EXEC, pid: 5, args: plain(marked).split('|') }))
    redactTape(tape)
    expectNot(contentsOf(tape).toString('latin1'), marked)
  })
})
