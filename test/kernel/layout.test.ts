/** The offsets that TypeScript reads at are those that the built objects have, by their BTF, for both machines. */
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as identity from '../../src/events/identity'
import { THREAD_SAMPLE } from '../../src/events/process'
import { ENDPOINTS, SOCKET_EVENT, TOTALS, WITHIN_TLS } from '../../src/events/socket'
import { COUNTERS_PER_CPU } from '../../src/kernel/cpu-counters'
import { IDENTITY } from '../../src/sources/identities/probe'
import { SHARED } from '../../src/sources/sockets/probe'
import { CONNECTION, CONNECTION_ROW } from '../../src/sources/sockets/totals'
import { KIND } from '../../src/sources/tls-libraries/openssl'
import { TLS } from '../../src/sources/tls-libraries/probe'

const root = join(import.meta.dir, '../..')
const BTF_MAGIC = 0xeb9f
const KIND_STRUCT = 4
/** Bytes that follow a type's 12, by kind: a fixed part and one per member (kernel's Documentation/bpf/btf.rst). */
const EXTRA: Record<number, readonly [fixed: number, each: number]> = {
  1: [4, 0],
  3: [12, 0],
  4: [0, 12],
  5: [0, 12],
  6: [0, 8],
  13: [0, 8],
  14: [4, 0],
  15: [0, 12],
  17: [4, 0],
  19: [0, 12],
}

/** Offset of `.BTF` in a 64-bit little-endian ELF file. */
function btfSection(elf: DataView, name: (at: number) => string): number {
  const table = Number(elf.getBigUint64(40, true))
  const size = elf.getUint16(58, true)
  const names = table + elf.getUint16(62, true) * size
  const strings = Number(elf.getBigUint64(names + 24, true))
  for (let i = 0; i < elf.getUint16(60, true); i++) {
    const header = table + i * size
    if (name(strings + elf.getUint32(header, true)) === '.BTF')
      return Number(elf.getBigUint64(header + 24, true))
  }
  throw new Error('no .BTF section')
}

/** Struct → its size and the byte offset of each member. */
function structs(path: string): Map<string, { size: number; members: Record<string, number> }> {
  const bytes = readFileSync(path)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const name = (at: number) => bytes.toString('latin1', at, bytes.indexOf(0, at))
  const btf = btfSection(view, name)
  expect(view.getUint16(btf, true)).toBe(BTF_MAGIC)
  const types = btf + view.getUint32(btf + 4, true) + view.getUint32(btf + 8, true)
  const end = types + view.getUint32(btf + 12, true)
  const strings = btf + view.getUint32(btf + 4, true) + view.getUint32(btf + 16, true)
  const found = new Map<string, { size: number; members: Record<string, number> }>()
  for (let at = types; at < end; ) {
    const info = view.getUint32(at + 4, true)
    const kind = (info >> 24) & 0x1f
    const count = info & 0xffff
    if (kind === KIND_STRUCT) {
      const members: Record<string, number> = {}
      for (let i = 0; i < count; i++) {
        const member = at + 12 + i * 12
        const bits = view.getUint32(member + 8, true)
        members[name(strings + view.getUint32(member, true))] =
          ((info >>> 31 ? bits & 0xffffff : bits) / 8) | 0
      }
      found.set(name(strings + view.getUint32(at, true)), { size: view.getUint32(at + 8, true), members })
    }
    const [fixed, each] = EXTRA[kind] ?? [0, 0]
    at += 12 + fixed + each * count
  }
  return found
}

for (const arch of ['x64', 'arm64']) {
  test(`layout of the events and connections: ${arch}`, () => {
    const known = structs(join(root, `dist/bpf/socket.${arch}.bpf.o`))
    expect(known.get('socket_event')!.members).toMatchObject(SOCKET_EVENT)
    expect(known.get('endpoints')!.members).toMatchObject(ENDPOINTS)
    expect(known.get('totals')!.members).toMatchObject(TOTALS)
    expect(structs(join(root, `dist/bpf/tls.${arch}.bpf.o`)).get('within')!.members).toMatchObject(WITHIN_TLS)
    for (const [name, { size, ...members }] of [
      ['connection', CONNECTION],
      ['connection_row', CONNECTION_ROW],
    ] as const)
      expect(known.get(name)).toMatchObject({ size, members })
    const processes = structs(join(root, `dist/bpf/process.${arch}.bpf.o`))
    expect(processes.get('thread_sample')!.members).toMatchObject(THREAD_SAMPLE)
    const identities = structs(join(root, `dist/bpf/identity.${arch}.bpf.o`))
    expect(identities.get('process_event')).toMatchObject({
      size: identity.PROCESS_EVENT_BYTES,
      members: identity.PROCESS_EVENT,
    })
    expect(identities.get('listening')).toMatchObject({
      size: identity.LISTENING_BYTES,
      members: identity.LISTENING,
    })
  })
}

const numbersOf =
  (name: string) =>
  (number: string): bigint => {
    const header = readFileSync(join(root, 'bpf', name), 'utf8')
    const found = new RegExp(`(?:define ${number} |\\t${number} = )(.*?),?$`, 'm').exec(header)
    if (!found) throw new Error(`${name} has no ${number}`)
    const text = found[1]!
    const shift = /^\(1ULL << (\d+)\)$/.exec(text)
    return shift ? 1n << BigInt(shift[1]!) : BigInt(text.replace(/ULL$/, ''))
  }

test('numbers that both sides use', () => {
  const value = numbersOf('socket.h')
  const { VERDICT_CAP_SHIFT, VERDICT_FRAMES, VERDICT_SHED, VERDICT_COUNT, VERDICT_SET, ...plain } = SHARED
  for (const [name, number] of Object.entries(plain)) expect(value(name), name).toBe(BigInt(number))
  expect(value('VERDICT_CAP_SHIFT')).toBe(BigInt(VERDICT_CAP_SHIFT) + 32n)
  expect(value('VERDICT_FRAMES')).toBe(BigInt(VERDICT_FRAMES) << 32n)
  expect(value('VERDICT_SHED')).toBe(BigInt(VERDICT_SHED) << 32n)
  expect(value('VERDICT_COUNT')).toBe(BigInt(VERDICT_COUNT >>> 0) << 32n)
  expect(value('VERDICT_SET')).toBe(BigInt(VERDICT_SET >>> 0) << 32n)
})

test('how counters lie', () => {
  const perCpu = numbersOf('counters.h')('COUNTERS_PER_CPU')
  expect(perCpu).toBe(BigInt(COUNTERS_PER_CPU))
  for (const [name, number] of Object.entries({ ...SHARED, ...IDENTITY }))
    if (name.startsWith('COUNTER_') || name.startsWith('IDENTITY_'))
      expect(number, name).toBeLessThan(COUNTERS_PER_CPU)
})

test('numbers of the identity probe', () => {
  const value = numbersOf('identity.h')
  const { PROCESS_EXEC, PROCESS_FORK, PROCESS_RENAME, PROCESS_EXIT } = identity
  const kinds = { PROCESS_EXEC, PROCESS_FORK, PROCESS_RENAME, PROCESS_EXIT }
  for (const [name, number] of Object.entries({ ...kinds, ...IDENTITY }))
    expect(value(name), name).toBe(BigInt(number))
})

test('numbers of the probes of TLS libraries', () => {
  const value = numbersOf('tls.h')
  for (const [name, number] of Object.entries(TLS)) expect(value(`TLS_${name}`), name).toBe(BigInt(number))
  const names: Record<keyof typeof KIND, string> = {
    read: 'READ',
    write: 'WRITE',
    readEx: 'READ_EX',
    writeEx: 'WRITE_EX',
    writeFlags: 'WRITE_FLAGS',
    sendfile: 'SENDFILE',
    handshake: 'HANDSHAKE',
    rustEncrypt: 'RUST_ENCRYPT',
    rustDecrypt: 'RUST_DECRYPT',
    layerRead: 'LAYER_READ',
    layerTake: 'LAYER_TAKE',
    layerWrite: 'LAYER_WRITE',
    layerWritev: 'LAYER_WRITEV',
  }
  for (const [kind, name] of Object.entries(names))
    expect(value(`TLS_${name}`), name).toBe(BigInt(KIND[kind as keyof typeof KIND]))
})
