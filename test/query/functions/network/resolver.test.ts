import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { decodePtr, encodePtrQuestion } from '../../../../src/query/functions/network/dns-message'
import { hostsOf, Resolver, serversOf } from '../../../../src/query/functions/network/resolver'
import { Pace } from '../../../support/pace'

/** Answers 10.0.0.7 → web.example.org, 10.0.0.8 with NXDOMAIN, ::1:2 → six.example.org; the rest not at all. */
const SERVER = `
import { createSocket } from 'node:dgram'
const socket = createSocket('udp4')
const NAMES = { '7.0.0.10.in-addr.arpa': 'web.example.org', '8.0.0.10.in-addr.arpa': '' }
let asked = 0
socket.on('message', (question, from) => {
  asked++
  const labels = []
  let at = 12
  while (question[at] !== 0) {
    labels.push(question.toString('latin1', at + 1, at + 1 + question[at]))
    at += 1 + question[at]
  }
  const asks = labels.join('.')
  const name = asks.endsWith('ip6.arpa') ? 'six.example.org' : NAMES[asks]
  if (name === undefined) return
  const answer = Buffer.from(question)
  answer.writeUInt16BE(name === '' ? 0x8183 : 0x8180, 2)
  if (name === '') return socket.send(answer, from.port, from.address)
  answer.writeUInt16BE(1, 6)
  const encoded = Buffer.concat(name.split('.').flatMap((l) => [Buffer.of(l.length), Buffer.from(l)]).concat(Buffer.of(0)))
  const record = Buffer.from([0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 60, 0, encoded.length])
  const stray = Buffer.from(answer)
  stray.writeUInt16BE(question.readUInt16BE(0) ^ 1, 0)
  socket.send(stray, from.port, from.address)
  socket.send(Buffer.concat([answer, record, encoded]), from.port, from.address)
})
socket.bind(0, '127.0.0.1', () => postMessage(socket.address().port))
`

let worker: Worker
let port = 0
beforeAll(async () => {
  worker = new Worker(URL.createObjectURL(new Blob([SERVER], { type: 'text/javascript' })))
  port = await new Promise((resolve) => worker.addEventListener('message', ({ data }) => resolve(data)))
})
afterAll(() => worker.terminate())

const resolver = (options = {}) =>
  new Resolver({
    hosts: () => new Map([['10.9.9.9', 'listed']]),
    servers: () => [{ address: '127.0.0.1', port }],
    waitMs: 500,
    ...options,
  })

describe('a resolver', () => {
  test('answers from the list of hosts, then from the server', () => {
    const names = resolver()
    expect(names.nameOf('10.9.9.9', 1n)).toBe('listed')
    expect(names.nameOf('10.0.0.7', 1n)).toBe('web.example.org')
    expect(names.nameOf('fd00::1:2', 1n)).toBe('six.example.org')
  })

  test('gives back what has no name, is no address, or is not answered', () => {
    const names = resolver({ waitMs: 20 })
    expect(names.nameOf('10.0.0.8', 1n)).toBe('10.0.0.8')
    expect(names.nameOf('10.0.0.99', 1n)).toBe('10.0.0.99')
    expect(names.nameOf('-', 1n)).toBe('-')
    expect(names.nameOf('', 1n)).toBe('')
  })

  test('keeps names: the next run asks nobody', () => {
    let servers = [{ address: '127.0.0.1', port }]
    const names = resolver({ servers: () => servers })
    expect(names.nameOf('10.0.0.7', 1n)).toBe('web.example.org')
    servers = []
    expect(names.nameOf('10.0.0.7', 2n)).toBe('web.example.org')
    expect(names.nameOf('fd00::1', 2n)).toBe('fd00::1')
  })

  test('asks the next server when the first is silent, and from then on that one first', () => {
    const silent = { address: '127.0.0.1', port: 9 }
    const names = resolver({ servers: () => [silent, { address: '127.0.0.1', port }] })
    expect(names.nameOf('10.0.0.7', 1n)).toBe('web.example.org')
  })

  test('waits no longer in a run than it may', () => {
    const names = resolver({ waitMs: 200, runMs: 600 })
    const pace = new Pace()
    for (let i = 0; i < 200; i++) names.nameOf(`10.7.0.${i}`, 1n)
    expect(pace.ms()).toBeLessThan(2000)
    expect(names.nameOf('10.0.0.7', 1n)).toBe('10.0.0.7')
    expect(names.nameOf('10.0.0.7', 2n)).toBe('web.example.org')
  })
})

describe('an answer', () => {
  const question = encodePtrQuestion(7, 0x0a000007n, 32)
  const answer = (changes: (bytes: Buffer) => void, ...records: number[]) => {
    const bytes = Buffer.concat([question, Buffer.from(records)])
    bytes.writeUInt16BE(0x8180, 2)
    bytes.writeUInt16BE(1, 6)
    changes(bytes)
    return decodePtr(bytes, 7)
  }
  const record = (...name: number[]) => [0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 60, 0, name.length, ...name]

  test('with a name', () => expect(answer(() => {}, ...record(2, 97, 98, 0))).toBe('ab'))
  test('with a name that no host has', () => expect(answer(() => {}, ...record(3, 60, 98, 62, 0))).toBe(''))
  test('that points at itself', () => {
    const loop = question.length
    expect(answer(() => {}, 0xc0, loop, 0, 12, 0, 1, 0, 0, 0, 0, 0, 0)).toBeUndefined()
  })
  test('cut anywhere is none', () => {
    const whole = Buffer.concat([question, Buffer.from(record(2, 97, 98, 0))])
    whole.writeUInt16BE(0x8180, 2)
    whole.writeUInt16BE(1, 6)
    for (let length = 0; length < whole.length; length++) decodePtr(whole.subarray(0, length), 7)
    expect(decodePtr(whole.subarray(0, question.length), 7)).toBeUndefined()
  })
  test('that refuses is no name, at once', () =>
    expect(answer((bytes) => bytes.writeUInt16BE(0x8185, 2))).toBe(''))
  test('of another question', () =>
    expect(answer((bytes) => bytes.writeUInt16BE(8, 0), ...record(0))).toBeUndefined())
})

test('files are read leniently', () => {
  expect(serversOf(['# x', 'nameserver 10.0.0.2', ' nameserver fd00::1 ', 'nameserver broken'])).toEqual([
    { address: '10.0.0.2', port: 53 },
    { address: 'fd00::1', port: 53 },
  ])
  expect([...hostsOf(['127.0.0.1 localhost # me', '', '::1 ip6', '127.0.0.1 other'])]).toEqual([
    ['127.0.0.1', 'localhost'],
    ['::1', 'ip6'],
  ])
})
