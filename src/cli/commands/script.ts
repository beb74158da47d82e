import { errorLine } from '../../errors'
import { withoutControls } from '../../runner/formats/controls'
import type { Cell, ResultColumn, ResultTable, ScriptInfo, ScriptSummary } from '../../runner/runner'
import { readScript, readScripts } from '../../scripts/folder'
import type { Command, Invocation, Option } from '../command'
import { printable } from '../io'
import { writeList } from '../output'
import { RUNNER_OPTIONS, scriptNamed, withRunner } from '../runner'

/** A list as a result table, so that it comes in the formats of results. */
export function listTable(
  name: string,
  columns: Readonly<Record<string, Pick<ResultColumn, 'type' | 'semantic'>>>,
  rows: readonly (readonly Cell[])[],
): ResultTable {
  const entries = Object.entries(columns)
  return {
    name,
    columns: entries.map(([column, meaning]) => ({ name: column, ...meaning })),
    values: entries.map((_, i) => rows.map((row) => row[i]!)),
    rows: rows.length,
    truncated: false,
  }
}

export const TEXT = { type: 'STRING', semantic: 'ST_NONE' } as const
export const COUNT = { type: 'INT64', semantic: 'ST_NONE' } as const
export const BYTES = { type: 'INT64', semantic: 'ST_BYTES' } as const
export const SECONDS = { type: 'FLOAT64', semantic: 'ST_NONE' } as const

/** `name` is for shells: one name per line. */
export const LIST_OUTPUT: Option = {
  flag: 'output',
  short: 'o',
  value: 'FORMAT',
  help: 'table, json (an object per line), csv or name (names only)',
  choices: ['table', 'json', 'csv', 'name'],
  fallback: 'table',
}

export const SCRIPTS_DIR: Option = {
  flag: 'scripts-dir',
  value: 'DIR',
  help: 'The scripts of this folder (DIR/NAMESPACE/NAME/*.pxl) instead of the library',
}

/** Those of the user's folder, or those that the runner has. */
async function scriptsOf(invocation: Invocation): Promise<readonly ScriptSummary[]> {
  const dir = invocation.flags['scripts-dir']
  if (dir !== undefined) {
    const { bundles, errors } = readScripts(dir)
    for (const error of errors) await invocation.io.stderr.write(`warning: ${printable(errorLine(error))}\n`)
    const { infoOf } = await import('../../runner/results')
    return [...bundles.values()].map(infoOf)
  }
  return withRunner(invocation, (runner) => runner.scripts())
}

async function scriptOf(invocation: Invocation): Promise<ScriptInfo> {
  const name = invocation.positionals[0]!
  const dir = invocation.flags['scripts-dir']
  if (dir !== undefined) {
    const { infoOf } = await import('../../runner/results')
    return infoOf(readScript(dir, name).bundle)
  }
  return withRunner(invocation, (runner) => scriptNamed(runner, name))
}

export async function writeScripts(invocation: Invocation, format: string | undefined): Promise<void> {
  const { io } = invocation
  const scripts = await scriptsOf(invocation)
  if (format === 'name') {
    await io.stdout.write(scripts.map((script) => `${script.name}\n`).join(''))
    return
  }
  const rows = scripts.map(({ name, short, variables, origin }) => [
    name,
    variables.map((variable) => variable.name).join(', '),
    `${MARKS[origin ?? 'library']}${short}`,
  ])
  const list = listTable('scripts', { name: TEXT, arguments: TEXT, description: TEXT }, rows)
  await writeList(io, list, format)
}

const MARKS = { library: '', own: '[own] ', override: "[own, in place of the library's] " } as const

export const scriptList: Command = {
  name: 'script list',
  summary: 'List the scripts of the library',
  positionals: [],
  options: [LIST_OUTPUT, SCRIPTS_DIR, ...RUNNER_OPTIONS],
  run: async (invocation) => {
    await writeScripts(invocation, invocation.flags.output)
    return 0
  },
}

export const scriptShow: Command = {
  name: 'script show',
  summary: 'Show what a script does, its arguments and its text',
  positionals: [{ name: 'SCRIPT', required: true, completes: 'script' }],
  options: [
    {
      flag: 'output',
      short: 'o',
      value: 'FORMAT',
      help: 'text, json, or pxl (the text only)',
      choices: ['text', 'json', 'pxl'],
      fallback: 'text',
    },
    SCRIPTS_DIR,
    ...RUNNER_OPTIONS,
  ],
  run: async (invocation) => {
    const { flags, io } = invocation
    const script = await scriptOf(invocation)
    if (flags.output === 'json') await io.stdout.write(`${JSON.stringify(script, null, 2)}\n`)
    else if (flags.output === 'pxl') await io.stdout.write(withoutControls(script.text))
    else {
      const variables = script.variables.map(({ name, type, defaultValue, description }) => {
        const fallback = defaultValue === undefined ? ', required' : `, default '${defaultValue}'`
        return `  --${name}  ${type}${fallback}: ${description}\n`
      })
      const heading = variables.length > 0 ? `\nArguments:\n${variables.join('')}` : ''
      await io.stdout.write(
        `${script.name}: ${printable(script.long || script.short)}\n${heading}\n${script.text}`,
      )
    }
    return 0
  },
}
