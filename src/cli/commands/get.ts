import { newestRows } from '../../runner/result'
import type { Command } from '../command'
import { OUTPUT, writeTables } from '../output'
import { ANY_LENGTH, RUNNER_OPTIONS, withRunner } from '../runner'
import { inShellWords } from '../shell-words'
import { LIMIT, readLimit } from './run'

const ROWS = 20

export const get: Command = {
  name: 'get',
  summary: 'Show the newest rows of a table',
  details: "'nixie get store' shows what is stored of every table.",
  positionals: [{ name: 'TABLE', required: true, completes: 'table' }],
  options: [
    { flag: 'since', value: 'TIME', help: 'From when on: 5m, 2h, or a date', fallback: 'the oldest row' },
    { flag: 'until', value: 'TIME', help: 'Up to when', fallback: 'now' },
    { ...LIMIT, help: 'Most rows', fallback: String(ROWS) },
    OUTPUT,
    ...RUNNER_OPTIONS,
  ],
  run: async (invocation) => {
    const { flags, io, positionals } = invocation
    const limit = readLimit(flags.limit) ?? ROWS
    const startTime = ago(flags.since)
    const endTime = ago(flags.until)
    const rowsOf = {
      name: positionals[0]!,
      ...(startTime !== undefined && { startTime }),
      ...(endTime !== undefined && { endTime }),
      limit,
    }
    const table = await withRunner(invocation, (runner) => newestRows(runner, rowsOf, ANY_LENGTH)).catch(
      (cause) => {
        throw inShellWords(cause, { start_time: '--since', end_time: '--until' })
      },
    )
    // The command asks for the newest rows, so it need not say that there are older ones.
    await writeTables(io, [{ ...table, truncated: false }], flags.output)
    return 0
  },
}

/** `5m` is five minutes ago, as PxL writes it: `-5m`. */
function ago(time: string | undefined): string | undefined {
  return time !== undefined && /^\d+(\.\d+)?[a-z]+$/i.test(time) ? `-${time}` : time
}
