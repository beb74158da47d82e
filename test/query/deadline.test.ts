import { expect, test } from 'bun:test'
import { Deadline } from '../../src/query/deadline'

test('time in which it is paused does not count, also when the wait fails; it can be extended', () => {
  const deadline = new Deadline(500)
  deadline.pause(() => Bun.sleepSync(600))
  expect(() =>
    deadline.pause(() => {
      throw new Error('gone')
    }),
  ).toThrow('gone')
  deadline.check()
  expect(deadline.pausedMs).toBeGreaterThanOrEqual(600)
  Bun.sleepSync(510)
  expect(() => deadline.check()).toThrow('The query took longer than 0.5 s')
  deadline.extend(10_000)
  deadline.check()
})
