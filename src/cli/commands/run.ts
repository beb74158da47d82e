import { NixieError } from '../../errors'
import type { RunRequest } from '../../runner/runner'
import { BACKEND_OPTIONS, openBackend } from '../backend'
import { type Command, type Invocation, type Option, UsageError } from '../command'
import { type Io, printable } from '../io'
import { OUTPUT, writeTables, writeWarnings } from '../output'
import { scriptArguments } from '../script-arguments'
import { writeScripts } from './script'

export const LIMIT: Option = { flag: 'limit', short: 'n', value: 'N', help: 'Most rows of each table' }

/** @throws UsageError unless the text is a whole number of at least 1. */
export function readLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new UsageError(`--limit: '${text}' is not a whole number of at least 1`)
}

async function readScript(path: string, io: Io): Promise<string> {
  if (path === '-') return io.readStdin()
  try {
    return await Bun.file(path).text()
  } catch (cause) {
    throw new NixieError(
      'bad_request',
      `The script can't be read: ${(cause as Error).message}`,
      'Give -f a file, or - for standard input.',
    )
  }
}

async function request({ flags, positionals, rest, io }: Invocation): Promise<RunRequest> {
  const [script] = positionals
  const file = flags.file
  if (script !== undefined && file !== undefined) {
    throw new UsageError('Give a script of the library or -f FILE, not both')
  }
  if (script === undefined && file === undefined) {
    throw new UsageError('SCRIPT is missing', "'nixie script list' lists them; -f FILE runs your own.")
  }
  const rows = readLimit(flags.limit)
  const args = scriptArguments(rest)
  return {
    ...(script === undefined ? { text: await readScript(file!, io) } : { script }),
    args,
    ...(rows !== undefined && { limits: { rows } }),
  }
}

/** The line that an error speaks of, with a mark under the column. */
function sourceLine(text: string, line: number, column: number): string {
  const source = printable(text.split(/\r?\n/)[line - 1] ?? '')
  const margin = `${line} | `
  return `${margin}${source}\n${' '.repeat(margin.length + column - 1)}^\n`
}

export const run: Command = {
  name: 'run',
  summary: 'Run a PxL script and show its tables',
  details:
    "Arguments of the script follow '--':\n  nixie run px/http_data -- --start_time -1m --destination_filter nginx\n  nixie run -f my.pxl -o json | jq .latency",
  positionals: [{ name: 'SCRIPT', required: false, completes: 'script' }],
  options: [
    { flag: 'file', short: 'f', value: 'FILE', help: 'Run the PxL text in FILE; - reads standard input' },
    OUTPUT,
    { flag: 'table', value: 'NAME', help: 'Only this table of the result' },
    LIMIT,
    { flag: 'list', short: 'l', help: 'List the scripts of the library' },
    ...BACKEND_OPTIONS,
  ],
  rest: '--NAME VALUE …',
  run: async (invocation) => {
    const { flags, io } = invocation
    if (flags.list !== undefined) {
      await writeScripts(invocation, 'table')
      return 0
    }
    const asked = await request(invocation)
    const backend = await openBackend(invocation)
    try {
      const result = await backend.run(asked)
      await writeWarnings(io, result.warnings)
      await writeTables(io, result.tables, flags.output, flags.table)
    } catch (cause) {
      if (cause instanceof NixieError && cause.shape.line !== undefined && asked.text !== undefined) {
        await io.stderr.write(sourceLine(asked.text, cause.shape.line, cause.shape.column ?? 1))
      }
      throw cause
    } finally {
      await backend.close()
    }
    return 0
  },
}
