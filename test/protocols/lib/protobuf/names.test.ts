/** Names of messages and fields, out of descriptors of files and of servers. */
import { describe, expect, test } from 'bun:test'
import { Descriptors, filesOf } from '../../../../src/protocols/lib/protobuf/descriptors'
import { MessageNames } from '../../../../src/protocols/lib/protobuf/names'
import { ReflectionReader } from '../../../../src/protocols/lib/protobuf/reflection'
import { protobufText } from '../../../../src/protocols/lib/protobuf/text'
import type { Connection } from '../../../../src/protocols/protocol'
import { cpuMs } from '../../../support/cpu-time'
import { fieldType, fileOf, fixed, framed, message, messageType, service } from '../../../support/protobuf'

const KINDS = {
  double: 1,
  float: 2,
  int64: 3,
  uint64: 4,
  int32: 5,
  bool: 8,
  string: 9,
  message: 11,
  bytes: 12,
  enum: 14,
  sint32: 17,
}

const ITEM = messageType('Item', [fieldType('sku', 1, KINDS.string), fieldType('count', 2, KINDS.int32)])
const ORDER = messageType(
  'Order',
  [
    fieldType('id', 1, KINDS.string),
    fieldType('items', 2, KINDS.message, { typeName: '.shop.Order.Item', repeated: true }),
    fieldType('state', 3, KINDS.enum, { typeName: '.shop.State' }),
    fieldType('balance', 4, KINDS.int64),
    fieldType('delta', 5, KINDS.sint32),
    fieldType('gift', 6, KINDS.bool),
    fieldType('price', 7, KINDS.double),
    fieldType('weight', 8, KINDS.float),
    fieldType('numbers', 9, KINDS.int32, { repeated: true }),
    fieldType('photo', 10, KINDS.bytes),
    fieldType('pin_code', 11, KINDS.int32, { secret: true }),
    fieldType('note', 12, KINDS.string, { secret: true }),
    fieldType('elsewhere', 13, KINDS.message, { typeName: '.other.Unknown' }),
  ],
  [ITEM],
)
const STATE = message({
  1: 'State',
  2: [message({ 1: 'UNKNOWN' }), message({ 1: 'PAID', 2: 1 }), message({ 1: 'LOST', 2: -1n })],
})
const FILE = fileOf(
  'shop.proto',
  'shop',
  [ORDER],
  [STATE],
  [service('Orders', { Get: ['.shop.Order', '.shop.Order.Item'] })],
)
const descriptors = () => {
  const made = new Descriptors(1000, false)
  expect(made.addFile(FILE)).toBe(true)
  return made
}
const shown = (bytes: Uint8Array, isWhole = true) =>
  protobufText(bytes, isWhole, descriptors().message('shop.Order'))

describe('a message whose type is known', () => {
  test('has the names of its fields, and values as they are meant', () => {
    const bytes = Buffer.concat([
      message({
        1: 'a-1',
        2: [message({ 1: 'x', 2: 3 }), message({ 1: '\n' })],
        3: 1,
        4: -5n,
        5: 3,
        6: 1,
        9: Uint8Array.from([1, 2, 0xac, 2]),
        10: Uint8Array.from([0, 1]),
      }),
      fixed(7, 2.5, 8),
      fixed(8, 0.1, 4),
    ])
    expect(shown(bytes)).toBe(
      'id: "a-1", items: {sku: "x", count: 3}, items: {sku: "\\n"}, state: PAID, balance: -5, delta: -2, gift: true, numbers: [1, 2, 300], photo: <2 bytes> "..", price: 2.5, weight: 0.1',
    )
    expect(shown(message({ 3: -1n, 9: [7, 8], 2: '' }))).toBe(
      'items: {}, state: LOST, numbers: 7, numbers: 8',
    )
    expect(shown(message({ 3: 99 }))).toBe('state: 99')
  })

  test('also where its descriptors write types without their packages, as protobuf.js does', () => {
    const own = (name: string, type: string) => fieldType(name, 1, KINDS.message, { typeName: type })
    const outer = messageType(
      'Outer',
      [own('inner', 'Inner')],
      [messageType('Inner', [own('other', 'Other')])],
    )
    const other = messageType('Other', [fieldType('state', 1, KINDS.enum, { typeName: 'State' })])
    const made = new Descriptors(1000, false)
    made.addFile(
      fileOf(
        'a.proto',
        'a.b',
        [outer, other, messageType('Inner', [])],
        [STATE],
        [service('S', { Get: ['Outer', 'b.Other'] })],
      ),
    )
    const { input, output } = made.method('/a.b.S/Get')!
    expect(protobufText(message({ 1: message({ 1: message({ 1: 1 }) }) }), true, input)).toBe(
      'inner: {other: {state: PAID}}',
    )
    expect(protobufText(message({ 1: 1 }), true, output)).toBe('state: PAID')
  })

  test('shows no value that its type marks as secret', () => {
    expect(shown(message({ 11: 1234, 12: 'hidden' }))).toBe('pin_code: [redacted], note: [redacted]')
  })

  test('has numbers where it is another message than its type says', () => {
    expect(shown(message({ 1: 7, 3: 'paid', 99: 'x', 13: message({ 1: 'y' }) }))).toBe(
      '1: 7, 3: "paid", elsewhere: {1: "y"}, 99: "x"',
    )
    expect(shown(message({ 1: Uint8Array.from([0xff, 0xfe]), 2: Uint8Array.from([0xff]) }))).toBe(
      '1: <2 bytes> "..", 2: <1 bytes> "."',
    )
  })

  test('that is cut shows what is there', () => {
    const whole = message({ 1: 'a-1', 2: message({ 1: 'long name é', 2: 3 }), 9: Uint8Array.from([1, 2, 3]) })
    expect(shown(whole.slice(0, 14), false)).toBe('id: "a-1", items: {sku: "long "…')
    for (let end = 0; end < whole.length; end++) {
      const text = shown(whole.slice(0, end), false) ?? ''
      expect(text.replace(/…/g, '').length).toBeLessThanOrEqual(shown(whole)!.length + 2)
    }
  })
})

const connection = (values: Partial<Connection>): Connection => ({
  upid: '1:1:1',
  remote_addr: '10.0.0.2',
  remote_port: 50051,
  local_addr: '10.0.0.1',
  local_port: 4000,
  trace_role: 1,
  encrypted: false,
  remote_upid: '',
  ...values,
})
const AT_SERVER = connection({ trace_role: 2, upid: '1:9:9' })
const GET = '/shop.Orders/Get'
const text = (names: MessageNames, at: Connection) =>
  protobufText(message({ 1: 'a' }), true, names.of(GET, at)?.input)

describe('what a server tells', () => {
  test('is believed of this server only, seen at whichever end', () => {
    const names = new MessageNames()
    names.learns(FILE, AT_SERVER)
    expect(text(names, AT_SERVER)).toBe('id: "a"')
    expect(text(names, connection({ remote_upid: '1:9:9' }))).toBe('id: "a"')
    expect(text(names, connection({}))).toBe('1: "a"')
    expect(text(names, connection({ trace_role: 2, upid: '1:8:8' }))).toBe('1: "a"')
    names.learns(FILE, connection({}))
    expect(text(names, connection({ upid: '1:5:5' }))).toBe('id: "a"')
    expect(names.of(GET, AT_SERVER)!.output!.field(2)!.name).toBe('count')
  })

  test('anew is what counts, and what files say counts more', () => {
    const names = new MessageNames()
    const other = (name: string) =>
      fileOf(
        'shop.proto',
        'shop',
        [messageType('Order', [fieldType(name, 1, KINDS.string)])],
        [],
        [service('Orders', { Get: ['.shop.Order', '.shop.Order'] })],
      )
    names.learns(FILE, AT_SERVER)
    names.learns(other('number'), AT_SERVER)
    expect(text(names, AT_SERVER)).toBe('number: "a"')
    names.files.addFile(FILE)
    names.files.addFile(other('late'))
    expect(text(names, AT_SERVER)).toBe('id: "a"')
  })

  test('is bounded in bytes and names, of one and of all', () => {
    const names = new MessageNames()
    const many = (i: number) =>
      fileOf(
        `${i}.proto`,
        `p${i}`,
        Array.from({ length: 8000 }, (_, j) => messageType(`M${j}`, [])),
      )
    const files = Array.from({ length: 24 }, (_, i) => many(i))
    const spent = cpuMs(() => {
      for (const [i, file] of files.entries()) names.learns(file, connection({ remote_port: i % 16 }))
    })
    expect(names.held).toBeLessThanOrEqual(8 << 20)
    // Some 5 ms a file here; quadratic work would take minutes.
    expect(spent).toBeLessThan(2000)
    const small = new MessageNames()
    for (let i = 0; i < 1000; i++) small.learns(FILE, connection({ remote_port: i }))
    expect(text(small, connection({ remote_port: 0 }))).toBe('1: "a"')
    expect(text(small, connection({ remote_port: 999 }))).toBe('id: "a"')
  })

  test('is read out of the answers of reflection, however they are cut', () => {
    const answers = Buffer.concat([
      framed(message({ 1: 'host', 6: message({ 1: message({ 1: 'shop.Orders' }) }) })),
      framed(new Uint8Array(300 << 10)),
      framed(message({ 4: message({ 1: [FILE, FILE] }) })),
      framed(message({ 4: message({ 1: FILE }) })),
    ])
    for (const step of [1, 7, 4000, 1 << 20]) {
      const told: Uint8Array[] = []
      const reader = new ReflectionReader(
        (file) => told.push(file.slice()),
        () => undefined,
      )
      for (let at = 0; at < answers.length; at += step)
        reader.take(answers, at, Math.min(answers.length, at + step))
      expect(told.map((file) => Buffer.compare(file, FILE))).toEqual([0, 0, 0])
      expect(reader.held).toBeLessThan(300 << 10)
      reader.misses()
      reader.take(answers, 0, answers.length)
      expect(told).toHaveLength(3)
    }
  })
})

test('files of a set; hostile descriptors are left out, or bounded', () => {
  expect(filesOf(message({ 1: [FILE, FILE] }))!.length).toBe(2)
  for (const none of [
    Buffer.from('syntax = "proto3";'),
    new Uint8Array(0),
    Uint8Array.from([0xff]),
    message({ 2: 'x' }),
  ])
    expect(filesOf(none)).toBeUndefined()
  const made = new Descriptors(1000, true)
  for (let end = 0; end < FILE.length; end++) made.addFile(FILE.slice(0, end))
  let nested = messageType('M', [])
  for (let i = 0; i < 200; i++) nested = messageType('M', [], [nested])
  made.addFile(fileOf('deep.proto', 'deep', [nested]))
  expect(made.message(`deep${'.M'.repeat(10)}`)).toBeDefined()
  expect(made.message(`deep${'.M'.repeat(100)}`)).toBeUndefined()
  const type = descriptors().message('shop.Order')
  const random = Buffer.alloc(200)
  for (let seed = 1; seed < 2000; seed++) {
    for (let i = 0; i < random.length; i++) random[i] = (seed * 31 + i * seed) & 0xff
    made.addFile(random)
    protobufText(random, seed % 2 === 0, type)
  }
})
