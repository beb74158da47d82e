/** The tape keeps within its bound, and what was put on it stays. */
import { expect, test } from 'bun:test'
import { MAX_FRAME } from '../../src/recording/format'
import { Tape } from '../../src/recording/tape'

test('what does not fit ends the tape: nothing behind it is taken, so that nothing is missing in between', () => {
  const tape = new Tape(100)
  tape.add('socket', Buffer.alloc(40, 1))
  expect(tape.isFull).toBe(false)
  tape.add('socket', Buffer.alloc(60, 2))
  tape.add('socket', Buffer.alloc(1, 3))
  expect(tape.isFull).toBe(true)
  expect([...tape].map(({ bytes }) => bytes[0])).toEqual([1])
  expect(tape.frames).toBe(1)
})

test('it takes memory as frames come, and frames of any length that can be read again', () => {
  const tape = new Tape(16 << 20)
  for (let i = 0; i < 3; i++) tape.add('socket', Buffer.alloc(MAX_FRAME, i))
  expect(tape.isFull).toBe(false)
  expect([...tape].map(({ kind, bytes }) => [kind, bytes.length, bytes.at(-1)])).toEqual([
    ['socket', MAX_FRAME, 0],
    ['socket', MAX_FRAME, 1],
    ['socket', MAX_FRAME, 2],
  ])
  tape.add('socket', Buffer.alloc(MAX_FRAME + 1))
  expect(tape.isFull).toBe(true)
})
