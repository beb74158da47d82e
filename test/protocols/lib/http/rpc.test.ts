import { describe, expect, test } from 'bun:test'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { zstdCompressSync } from 'bun'
import { DecodeBudget } from '../../../../src/protocols/lib/decode-budget'
import { Body } from '../../../../src/protocols/lib/http/body'
import { fieldsOf } from '../../../../src/protocols/lib/http/fields'

const settings = { bodyLimit: 1024, redact: true, decodeBudget: new DecodeBudget(() => 0) }
const MILK = Uint8Array.from([0x0a, 4, ...Buffer.from('milk'), 0x10, 3])

/** A message with its length in front. */
function message(content: Uint8Array | string, flags = 0): Uint8Array {
  const bytes = Buffer.from(content as string)
  const head = Buffer.alloc(5)
  head[0] = flags
  head.writeUInt32BE(bytes.length, 1)
  return new Uint8Array(Buffer.concat([head, bytes]))
}

/** The body that comes in parts of `step` bytes. */
function body(head: string, parts: readonly Uint8Array[], step = 3): Body {
  const made = new Body(fieldsOf(head, true), settings)
  const bytes = new Uint8Array(Buffer.concat(parts))
  for (let at = 0; at < bytes.length; at += step) made.add(bytes, at, Math.min(bytes.length, at + step), 0)
  return made
}

const GRPC = 'Content-Type: application/grpc'

describe('content of procedure calls', () => {
  test.each<[string, string, readonly Uint8Array[], string, number]>([
    ['gRPC', GRPC, [message(MILK)], '1: "milk", 2: 3', 1],
    [
      'a stream of gRPC',
      `${GRPC}+proto`,
      [message(MILK), message(''), message(MILK)],
      '1: "milk", 2: 3\n\n1: "milk", 2: 3',
      3,
    ],
    ['JSON over gRPC', `${GRPC}+json`, [message('{"a":1}')], '{"a":1}', 1],
    ['compressed', `${GRPC}\ngrpc-encoding: gzip`, [message(gzipSync(MILK), 1)], '1: "milk", 2: 3', 1],
    [
      'compressed by zstd',
      `${GRPC}\ngrpc-encoding: zstd`,
      [message(zstdCompressSync(MILK), 1), message(MILK)],
      '1: "milk", 2: 3\n1: "milk", 2: 3',
      2,
    ],
    [
      'a stream of Connect, compressed',
      'Content-Type: application/connect+proto\nConnect-Content-Encoding: br',
      [message(brotliCompressSync(MILK), 1), message('{}', 2)],
      '1: "milk", 2: 3\n{}',
      1,
    ],
    [
      'compressed in an unknown way',
      `${GRPC}\ngrpc-encoding: snappy`,
      [message('abcdef', 1)],
      '<snappy 6 bytes>',
      1,
    ],
    [
      'gRPC-Web',
      `${GRPC}-web+proto`,
      [message(MILK), message('grpc-status:0\r\n', 0x80)],
      '1: "milk", 2: 3\ngrpc-status:0\r\n',
      1,
    ],
    [
      'gRPC-Web in base64',
      `${GRPC}-web-text`,
      [Buffer.from(Buffer.from(message(MILK)).toString('base64'))],
      '1: "milk", 2: 3',
      1,
    ],
    [
      'gRPC-Web in base64 with padding between the parts',
      `${GRPC}-web-text+proto`,
      [message(MILK), message(`${MILK}`, 1), message('grpc-status:0\r\n', 0x80)].map((part) =>
        Buffer.from(Buffer.from(part).toString('base64')),
      ),
      '1: "milk", 2: 3\n<unknown 25 bytes>\ngrpc-status:0\r\n',
      2,
    ],
    [
      'a stream of Connect',
      'Content-Type: application/connect+json',
      [message('{"a":1}'), message('{}', 2)],
      '{"a":1}\n{}',
      1,
    ],
    ['Protocol Buffers alone', 'Content-Type: application/proto', [MILK], '1: "milk", 2: 3', 0],
    ['other content', 'Content-Type: text/plain', [MILK], '<binary 8 bytes> ..milk..', 0],
  ])('%s', (_, head, parts, text, messages) => {
    const whole = body(head, parts)
    expect([whole.text(), whole.messages]).toEqual([text, messages])
  })

  test('messages are counted beyond what is kept', () => {
    const large = message(new Uint8Array(10_000).fill(0x61))
    const whole = body(GRPC, Array<Uint8Array>(7).fill(large), 4096)
    expect(whole.messages).toBe(7)
    expect(whole.held).toBeLessThanOrEqual(1024)
  })

  test('what is shown of small messages that hold large ones is bounded', () => {
    const coded = Array.from({ length: 20 }, () =>
      message(gzipSync(Buffer.concat([Uint8Array.from([0x0a, 0x84, 0x07]), Buffer.alloc(900, 'a')])), 1),
    )
    const made = body(`${GRPC}\ngrpc-encoding: gzip`, coded)
    expect(made.messages).toBe(20)
    expect(made.text()).toStartWith(`1: "${'a'.repeat(900)}"\n1: "aa`)
    expect(made.text().length).toBeLessThan(3 * settings.bodyLimit)
  })

  test('after lost bytes only those are counted that are known', () => {
    const made = new Body(fieldsOf(GRPC, true), settings)
    const bytes = message(new Uint8Array(100))
    made.add(bytes, 0, 50, 0)
    made.pass(55)
    made.add(message(MILK), 0, 13, 0)
    expect(made.messages).toBe(2)
    made.pass(100)
    made.add(message(MILK), 0, 13, 0)
    expect(made.messages).toBe(2)
  })

  test('secrets are replaced', () => {
    const secret = 'ghp_0123456789abcdefghijABCDEFGHIJ012345'
    const made = body(GRPC, [message(Uint8Array.from([0x0a, secret.length, ...Buffer.from(secret)]))])
    expect(made.text()).not.toContain(secret)
  })
})
