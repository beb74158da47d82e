import { expect, test } from 'bun:test'
import { inShellWords } from '../../src/cli/shell-words'
import { NixieError } from '../../src/errors'

const said = (message: string, hint: string, names = {}) => {
  const cause = inShellWords(new NixieError('bad_request', message, hint, { line: 3, column: 1 }), names)
  return cause instanceof NixieError ? cause.shape : undefined
}

test('parameters of the API are flags, and the place stays', () => {
  expect(said('CSV holds one table, the result has 2', 'Choose one by table=NAME: a, b.')).toEqual({
    code: 'bad_request',
    message: 'CSV holds one table, the result has 2',
    hint: 'Choose one by --table NAME: a, b.',
    line: 3,
    column: 1,
  })
  const names = { start_time: '--since', end_time: '--until' }
  expect(
    said('start_time is after end_time', 'Swap them, or move end_time to a later time.', names),
  ).toMatchObject({
    message: '--since is after --until',
    hint: 'Swap them, or move --until to a later time.',
  })
  expect(said('other=NAME', 'table=x, pid_start_time', names)).toMatchObject({
    message: 'other=NAME',
    hint: 'table=x, pid_start_time',
  })
})

test('other errors stay what they are', () => {
  const cause = new Error('start_time')
  expect(inShellWords(cause, { start_time: '--since' })).toBe(cause)
})
