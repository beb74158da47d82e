/** Files that are whole, cut, damaged or made to harm: what is read, what is said, and what it costs. */
import { afterAll, describe, expect, test } from 'bun:test'
import { rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NixieError } from '../../src/errors'
import { frameNumber, type Header, MAX_FRAME, MAX_HEADER } from '../../src/recording/format'
import { MAX_FILE, RecordingFile } from '../../src/recording/reader'
import { Wire } from '../streams/wire'
import { Scope } from '../support/scope'
import { addSecond, fileOf, HEADER, tapeOf } from './tapes'

const scope = new Scope('recording')
afterAll(() => scope.close())
const path = join(scope.dir, 'a.rec')

const tape = tapeOf([new Wire().request('GET / HTTP/1.1\r\nHost: a\r\n\r\n')])
addSecond(tape, 2e9)
const whole = fileOf(tape)
const framesAt = 16 + whole.readUInt32LE(12)

/** Reads it to its end; what is said about it, '' when it is whole. */
function said(bytes: Uint8Array): string {
  writeFileSync(path, bytes)
  try {
    const file = new RecordingFile(path)
    try {
      for (const _ of file.frames());
    } finally {
      file.close()
    }
    return file.cut?.message ?? ''
  } catch (cause) {
    if (!(cause instanceof NixieError)) throw cause
    expect(cause.shape.hint).not.toBe('')
    return cause.message
  }
}

const changed = (change: (bytes: Buffer) => void): Buffer => {
  const bytes = Buffer.from(whole)
  change(bytes)
  return bytes
}

const withHeader = (header: unknown): Buffer => fileOf(tape, header as Header)

test('what was written is read', () => {
  writeFileSync(path, whole)
  const file = new RecordingFile(path)
  expect(file.header).toEqual(HEADER)
  expect([...file.frames()].map(({ kind, at }) => [kind, at])).toEqual([
    ['socket', framesAt],
    ['look', expect.any(Number)],
    ['second', expect.any(Number)],
  ])
  file.close()
})

test('a file that was cut anywhere says where', () => {
  for (let length = 0; length < whole.length; length++)
    expect(said(whole.subarray(0, length)), `${length}`).toContain(`at byte ${length}`)
})

test('the whole frames before a cut are read', () => {
  const counts = new Set<number>()
  for (let length = framesAt; length < whole.length; length++) {
    writeFileSync(path, whole.subarray(0, length))
    const file = new RecordingFile(path)
    counts.add([...file.frames()].length)
    expect(file.cut?.message, `${length}`).toContain('it was cut')
    file.close()
  }
  expect([...counts]).toEqual([0, 1, 2, 3])
})

test('no bit may be another one', () => {
  for (let at = 0; at < whole.length; at++)
    for (const bit of [1, 128]) {
      const message = said(changed((bytes) => bytes.writeUInt8(bytes[at]! ^ bit, at)))
      expect(message, `bit ${bit} of byte ${at}`).toMatch(/at byte \d+$/)
    }
})

describe('a file that', () => {
  const cases: Readonly<Record<string, readonly [bytes: Uint8Array, said: RegExp]>> = {
    'is another one': [Buffer.from('{"json": "and no recording"}'), /is no recording of Nixie, at byte 0$/],
    'is empty': [Buffer.alloc(0), /was cut, at byte 0$/],
    'is of a later version': [
      changed((b) => b.writeUInt32LE(9, 8)),
      /of version 9, and this Nixie reads version 1, at byte 8$/,
    ],
    'says that its header is endless': [
      changed((b) => b.writeUInt32LE(0xffff_ffff, 12)),
      new RegExp(`more than ${MAX_HEADER}, at byte 12$`),
    ],
    'has a header that is no JSON': [
      changed((b) => b.fill(0x7b, 16, framesAt)),
      /nested too deeply, at byte 16$/,
    ],
    'has a header without a clock': [
      withHeader({ ...HEADER, clock: {} }),
      /the base of its clock is missing/,
    ],
    'has a clock that is no number': [
      withHeader({ ...HEADER, clock: { ...HEADER.clock, high: 'x' } }),
      /its clock is incomplete/,
    ],
    'has no node': [withHeader({ ...HEADER, asid: -1 }), /number of its node/],
    'has no layout': [withHeader({ ...HEADER, layout: undefined }), /the size of 'socket' is missing/],
    'has a header that is a number': [withHeader(5), /no JSON object/],
    'has an endless frame': [
      changed((b) => b.writeUInt32LE(0xffff_fff0, framesAt + 4)),
      new RegExp(`more than ${MAX_FRAME}, at byte ${framesAt}$`),
    ],
    'has an unknown frame': [changed((b) => b.writeUInt32LE(77, framesAt)), /no kind of frame 77, at byte/],
    'ends twice': [Buffer.concat([whole, whole.subarray(-16)]), /behind the last frame/],
    'has fewer frames than it says': [
      changed((b) => b.writeUInt32LE(frameNumber('end'), framesAt)),
      /the last frame has \d+ bytes instead of 8/,
    ],
  }
  for (const [name, [bytes, message]] of Object.entries(cases))
    test(name, () => expect(said(bytes)).toMatch(message))
})

describe('what is no file', () => {
  const open = (at: string) => () => new RecordingFile(at)
  test('a pipe, which would be waited for', () => {
    const pipe = join(scope.dir, 'pipe')
    expect(Bun.spawnSync(['mkfifo', pipe]).exitCode).toBe(0)
    expect(open(pipe)).toThrow('is no file')
  })
  test('a directory, a device, nothing', () => {
    expect(open(scope.dir)).toThrow('is no file')
    expect(open('/dev/zero')).toThrow('is no file')
    expect(open(join(scope.dir, 'none'))).toThrow("can't be read")
  })
  test('a file that is larger than any recording', () => {
    const large = join(scope.dir, 'large')
    writeFileSync(large, '')
    truncateSync(large, MAX_FILE + 1)
    expect(open(large)).toThrow('is larger than 1 GiB')
    rmSync(large)
  })
})
