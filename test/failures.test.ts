import { expect, test } from 'bun:test'
import { Failures } from './support/failures'

test('what a failed test printed is kept, whatever the pieces it comes in', () => {
  const log =
    '(pass) first [1ms]\nnoise\nerror: expected 2\n(fail) second > case [3ms]\nlater\n(pass) third\n1 tests failed:\n(fail) second > case [3ms]\n'
  for (let size = 1; size < log.length; size++) {
    const failures = new Failures()
    for (let at = 0; at < log.length; at += size) failures.feed(log.slice(at, at + size))
    expect(failures.summary()).toBe('\n── what failed\nnoise\nerror: expected 2\n(fail) second > case [3ms]')
  }
})

test('nothing failed, nothing to say', () => {
  const failures = new Failures()
  failures.feed('(pass) first\n(skip) second\n')
  expect(failures.summary()).toBe('')
})

test('a flood of failures is cut', () => {
  const failures = new Failures()
  failures.add('types')
  for (let i = 0; i < 100; i++) failures.feed(`${'x\n'.repeat(100)}(fail) ${i}\n`)
  const summary = failures.summary()
  expect(summary).toContain('types\n\nx')
  expect(summary.split('\n').length).toBeLessThan(40 * 62)
  expect(summary).toEndWith('… and 61 more')
})

test('what failed in steps that ran at once is said by step', () => {
  const steps = [new Failures(), new Failures()]
  for (const part of ['one\n', '(fail) first\n', 'two\n', '(fail) second\n'])
    for (const step of steps) step.feed(part)
  const all = new Failures()
  for (const step of steps) all.include(step)
  expect(all.summary()).toBe(
    '\n── what failed\none\n(fail) first\n\ntwo\n(fail) second\n\none\n(fail) first\n\ntwo\n(fail) second',
  )
})
