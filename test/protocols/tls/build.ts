/** Messages and records of TLS, as RFC 8446 and RFC 5246 lay them out. */
import { EXTENSION, MESSAGE, RECORD } from '../../../src/protocols/tls/numbers'

type Bytes = readonly number[] | Uint8Array

export const join = (...parts: readonly Bytes[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part)))

/** `value` in `width` bytes. */
export const number = (width: number, value: number): number[] =>
  Array.from({ length: width }, (_, i) => Math.floor(value / 256 ** (width - 1 - i)) & 255)

export const vector = (width: number, ...parts: readonly Bytes[]): Buffer => {
  const content = join(...parts)
  return join(number(width, content.length), content)
}

const numbers = (width: number, values: readonly number[]): Buffer =>
  join(...values.map((value) => number(width, value)))

export const message = (type: number, body: Bytes): Buffer => join([type], vector(3, body))

/** Cuts the content into records of at most `size` bytes. */
export function records(type: number, content: Bytes, size = 1 << 14): Buffer {
  const bytes = join(content)
  const parts: Buffer[] = []
  for (let at = 0; at === 0 || at < bytes.length; at += size)
    parts.push(join([type, 3, 3], vector(2, bytes.subarray(at, at + size))))
  return join(...parts)
}

export const extension = (type: number, data: Bytes): Buffer => join(number(2, type), vector(2, data))

export const serverName = (name: string) =>
  extension(EXTENSION.serverName, vector(2, [0], vector(2, Buffer.from(name, 'latin1'))))
export const alpn = (...names: string[]) =>
  extension(EXTENSION.alpn, vector(2, ...names.map((name) => vector(1, Buffer.from(name, 'latin1')))))
export const versions = (...all: number[]) => extension(EXTENSION.versions, vector(1, numbers(2, all)))
export const groups = (...all: number[]) => extension(EXTENSION.groups, vector(2, numbers(2, all)))
/** `bytes` of key for each group. */
export const shares = (bytes: number, ...all: number[]) =>
  extension(
    EXTENSION.keyShare,
    vector(2, ...all.map((group) => join(number(2, group), vector(2, new Uint8Array(bytes))))),
  )

export interface HelloOptions {
  readonly version?: number
  readonly session?: Bytes
  readonly ciphers?: readonly number[]
  readonly extensions?: readonly Bytes[]
}

const random = Uint8Array.from({ length: 32 }, (_, i) => i + 1)

export const clientHelloBody = (options: HelloOptions = {}): Buffer => {
  const { version = 0x0303, session = [], ciphers = [0x1301, 0xc02f], extensions = [] } = options
  const lists = [vector(1, session), vector(2, numbers(2, ciphers)), vector(1, [0])]
  return join(number(2, version), random, ...lists, extensions.length > 0 ? vector(2, ...extensions) : [])
}

export const clientHello = (options: HelloOptions = {}): Buffer =>
  message(MESSAGE.clientHello, clientHelloBody(options))

export const RETRY_RANDOM = Buffer.from(
  'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c',
  'hex',
)

export function serverHello(options: HelloOptions & { cipher?: number; random?: Bytes } = {}): Buffer {
  const { version = 0x0303, session = [], cipher = 0x1301, extensions = [] } = options
  const head = join(number(2, version), options.random ?? random, vector(1, session), number(2, cipher), [0])
  return message(MESSAGE.serverHello, join(head, extensions.length > 0 ? vector(2, ...extensions) : []))
}

/** Of a ServerHello. */
export const chosenVersion = (version: number) => extension(EXTENSION.versions, number(2, version))
export const chosenShare = (group: number) =>
  extension(EXTENSION.keyShare, join(number(2, group), vector(2, new Uint8Array(32))))

export const certificates = (...all: readonly Bytes[]): Buffer =>
  message(MESSAGE.certificate, vector(3, ...all.map((der) => vector(3, der))))

export const CHANGE = records(RECORD.changeCipherSpec, [1])
export const alert = (level: number, description: number) => records(RECORD.alert, [level, description])
/** An encrypted record with so many bytes. */
export const data = (length: number) => records(RECORD.data, new Uint8Array(length).fill(0xee), length)
export const handshake = (...messages: readonly Bytes[]) => records(RECORD.handshake, join(...messages))
/** A Finished after the change of ciphers: encrypted. */
export const finished = records(RECORD.handshake, new Uint8Array(40).fill(0xef))
export const SERVER_HELLO_DONE = message(14, [])
export const CLIENT_KEY_EXCHANGE = message(16, vector(1, new Uint8Array(65)))

/** Of shop.test, *.shop.test, 10.0.0.7 and fd00::7, by itself, until 2027-11-26T20:28:31Z. */
export const CERTIFICATE = Buffer.from(
  'MIIB4DCCAYagAwIBAgIUFZX0h2kKoO3KfOIy5CEjZDvPDUkwCgYIKoZIzj0EAwIwJzERMA8GA1UECgwIU2hvcCBMdGQxEjAQBgNVBAMMCXNob3' +
    'AudGVzdDAeFw0yNjExMjYyMDI4MzFaFw0yNzExMjYyMDI4MzFaMCcxETAPBgNVBAoMCFNob3AgTHRkMRIwEAYDVQQDDAlzaG9wLnRlc3QwWTAT' +
    'BgcqhkjOPQIBBggqhkjOPQMBBwNCAAR/cSLzpvQzt0xSrwEACBYQDviBIuLO7CfasNgZ+mbfgnzTyUdmhkbsGOUuzolNaqUJ+I91UXnkrywGYr' +
    '+s0PVjo4GPMIGMMB0GA1UdDgQWBBSd5VWV/Q5SLlr9UFc9CCntSj/5GTAfBgNVHSMEGDAWgBSd5VWV/Q5SLlr9UFc9CCntSj/5GTAPBgNVHRMB' +
    'Af8EBTADAQH/MDkGA1UdEQQyMDCCCXNob3AudGVzdIILKi5zaG9wLnRlc3SHBAoAAAeHEP0AAAAAAAAAAAAAAAAAAAcwCgYIKoZIzj0EAwIDSA' +
    'AwRQIhAPcAXvujrERgXo3uJDabLRdcaR3sJuzopvJJbQuUyqg1AiAVGT5b5HsrvGgi1i7k/4cN50WD1159vrXSp3Kwu9voXA==',
  'base64',
)
