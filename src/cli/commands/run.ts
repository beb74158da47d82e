import { join } from 'node:path'
import { messageOf, NixieError } from '../../errors'
import { run as runOn } from '../../runner/result'
import { DEFAULT_LIMITS, type Runner, type RunRequest } from '../../runner/runner'
import { type FoundScript, readScript } from '../../scripts/folder'
import { type Command, type Invocation, type Option, UsageError } from '../command'
import { type Io, printable } from '../io'
import { writeTables, writeWarnings } from '../output'
import { ANY_LENGTH, RUNNER_OPTIONS, withRunner } from '../runner'
import { scriptArguments } from '../script-arguments'
import { inShellWords } from '../shell-words'
import { streamFormat, writeStream } from '../stream'
import { SCRIPTS_DIR, writeScripts } from './script'

export const LIMIT: Option = { flag: 'limit', short: 'n', value: 'N', help: 'Most rows of each table' }

/** @throws UsageError unless the text is a whole number of at least 1. */
export function readLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new UsageError(`--limit: '${text}' is not a whole number of at least 1`)
}

async function readScriptFile(path: string, io: Io): Promise<string> {
  const text = path === '-' ? await io.readStdin() : await readText(path)
  if (text.trim() !== '') return text
  throw new NixieError(
    'bad_request',
    `${path === '-' ? 'Standard input' : path} is empty, and should be a script`,
    "The shortest one is: import px; px.display(px.DataFrame('http_events', start_time='-5m'))",
  )
}

async function readText(path: string): Promise<string> {
  try {
    return await Bun.file(path).text()
  } catch (cause) {
    throw new NixieError(
      'bad_request',
      `The script can't be read: ${messageOf(cause)}`,
      'Give -f a file, or - for standard input.',
    )
  }
}

/** What to run, and the files that it comes from. */
interface Asked {
  readonly request: RunRequest
  readonly found?: FoundScript
}

async function asked({ flags, positionals, rest, io }: Invocation): Promise<Asked> {
  const [script] = positionals
  const { file } = flags
  const dir = flags['scripts-dir']
  if (file !== undefined && (script !== undefined || dir !== undefined)) {
    throw new UsageError('Give a script of the library or -f FILE, not both')
  }
  if (script === undefined && file === undefined) {
    throw new UsageError('SCRIPT is missing', "'nixie script list' lists them; -f FILE runs your own.")
  }
  const rows = readLimit(flags.limit)
  const common = {
    args: scriptArguments(rest),
    ...(flags.links !== undefined && { links: true }),
    ...(rows !== undefined && { limits: { rows } }),
  }
  if (file !== undefined) return { request: { text: await readScriptFile(file, io), ...common } }
  if (dir === undefined) return { request: { script: script!, ...common } }
  const found = readScript(dir, script!)
  const { name, text, view } = found.bundle
  return { request: { name, text, ...(view && { view: view.text }), ...common }, found }
}

/** The line that an error speaks of, with a mark under the column. */
function sourceLine(text: string, line: number, column: number): string {
  const source = printable(text.split(/\r?\n/)[line - 1] ?? '')
  const margin = `${line} | `
  return `${margin}${source}\n${' '.repeat(margin.length + column - 1)}^\n`
}

/** The error with the file of the user's folder that it is about. */
function inFolder(cause: NixieError, { folder, bundle }: FoundScript): NixieError {
  const { code, message, hint, ...place } = cause.shape
  if (place.file === undefined && place.line === undefined) return cause
  const where = place.file === undefined ? join(folder, bundle.file) : folder
  return new NixieError(code, `${where}: ${message}`, hint, place)
}

const OUTPUT: Option = {
  flag: 'output',
  short: 'o',
  value: 'FORMAT',
  help: 'table, json or ndjson (an object per line), csv, or arrow (IPC stream)',
  choices: ['table', 'json', 'ndjson', 'csv', 'arrow'],
  fallback: 'table',
}

async function show(runner: Runner, request: RunRequest, { flags, io }: Invocation): Promise<void> {
  if (flags.schema !== undefined) {
    const { tables, warnings } = await runner.schema(request)
    await writeWarnings(io, warnings)
    const schema = { tables: tables.map(({ name, columns }) => ({ name, columns })) }
    return io.stdout.write(`${JSON.stringify(schema)}\n`)
  }
  if (flags.explain !== undefined) {
    const { text, warnings } = await runner.explain(request)
    await writeWarnings(io, warnings)
    return io.stdout.write(text.split('\n').map(printable).join('\n'))
  }
  const format = streamFormat(flags.output)
  if (format === undefined) {
    const result = await runOn(runner, request, ANY_LENGTH)
    await writeWarnings(io, result.warnings)
    return writeTables(io, result.tables, flags.output, flags.table)
  }
  const { table } = flags
  const excel = flags.excel !== undefined
  const stream = await runner.stream(request, { format, excel, ...(table !== undefined && { table }) })
  await writeWarnings(io, stream.warnings)
  await writeStream(io, stream, { format, limit: request.limits?.rows ?? DEFAULT_LIMITS.rows })
}

export const run: Command = {
  name: 'run',
  summary: 'Run a PxL script and show its tables',
  details:
    "Arguments of the script follow '--':\n  nixie run px/http_data -- --start_time -1m --destination_filter nginx\n  nixie run -f my.pxl -o json | jq .latency\n  nixie run --scripts-dir ~/pxl_scripts px/http_data",
  positionals: [{ name: 'SCRIPT', required: false, completes: 'script' }],
  options: [
    { flag: 'file', short: 'f', value: 'FILE', help: 'Run the PxL text in FILE; - reads standard input' },
    { ...SCRIPTS_DIR, help: 'Run the script of this folder: DIR/SCRIPT/*.pxl, with its vis.json' },
    OUTPUT,
    { flag: 'table', value: 'NAME', help: 'Only this table of the result' },
    LIMIT,
    { flag: 'links', help: 'Print cells that link to a view as objects with label, script and arguments' },
    {
      flag: 'excel',
      help: 'CSV for a spreadsheet: a cell that looks like a formula gets an apostrophe in front',
    },
    { flag: 'schema', help: 'Do not run: print the tables with their columns as JSON' },
    { flag: 'explain', help: 'Do not run: print the steps that would run' },
    { flag: 'list', short: 'l', help: 'List the scripts of the library' },
    ...RUNNER_OPTIONS,
  ],
  rest: '--NAME VALUE …',
  run: async (invocation) => {
    const { flags, io } = invocation
    if (flags.list !== undefined) {
      await writeScripts(invocation, 'table')
      return 0
    }
    if (flags.schema !== undefined && flags.explain !== undefined) {
      throw new UsageError('--schema and --explain exclude each other')
    }
    if (flags.output === 'arrow' && io.stdout.isTTY) {
      throw new UsageError('Arrow is no text for a terminal', 'Write it to a file: > rows.arrow')
    }
    const { request, found } = await asked(invocation)
    try {
      await withRunner(invocation, (runner) => show(runner, request, invocation))
    } catch (thrown) {
      const cause = inShellWords(thrown)
      if (!(cause instanceof NixieError) || request.text === undefined) throw cause
      const { line, column, file } = cause.shape
      if (line !== undefined && file === undefined) {
        await io.stderr.write(sourceLine(request.text, line, column ?? 1))
      }
      throw found ? inFolder(cause, found) : cause
    }
    return 0
  },
}
