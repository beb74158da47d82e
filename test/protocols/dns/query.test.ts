import { expect, test } from 'bun:test'
import { type Question, readMessage } from '../../../src/protocols/dns/message'
import { Query } from '../../../src/protocols/dns/query'
import { message, query } from './build'

const read = (bytes: Uint8Array) => readMessage(bytes, 0, bytes.length)!
const asking = (bytes: Uint8Array) => new Query('client', read(bytes), 5, false)
const A: Question = { name: 'www.example.com', type: 1, code: 1 }

test('what it asks is known by its text: name, type and class, and names in any case', () => {
  const asked = asking(query(7, 'WwW.eXample.com'))
  expect(asked.asks(A)).toBe(true)
  expect(asked.asks({ ...A, name: 'WWW.EXAMPLE.COM' })).toBe(true)
  for (const other of [
    { ...A, name: 'www.example.co' },
    { ...A, name: 'ww.example.com' },
    { ...A, name: '' },
    { ...A, type: 28 },
    { ...A, type: 0x1001 },
    { ...A, code: 3 },
    undefined,
  ])
    expect(asked.asks(other)).toBe(false)
})

test('a name cannot say that it is another question', () => {
  const asked = asking(query(7, 'a","type":"A"}'))
  expect(asked.asks({ ...A, name: 'a' })).toBe(false)
  expect(asked.asks(read(query(1, 'a","type":"A"}')).question)).toBe(true)
})

test('one that asks nothing', () => {
  const nothing = asking(message({ id: 9, isBare: true }))
  expect(nothing.asks(undefined)).toBe(true)
  expect(nothing.asks(A)).toBe(false)
})

test('it keeps what the row says of it', () => {
  const bytes = query(7, 'www.example.com', 'AXFR')
  const { header, body } = read(bytes)
  expect({ ...asking(bytes) }).toMatchObject({ ...header, body, startNs: 5, isTransfer: true, isCut: false })
  expect(asking(bytes).key).toBe(7)
  expect(asking(bytes).bytes).toBeGreaterThan(body.length + 300)
})
