/**
 * Writes src/reference.md out of the declarations: `bun run reference`. A test says when the file is stale.
 */
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { counterMetric, STATE_METRICS } from '../src/api/metrics'
import { ROUTES } from '../src/api/routes'
import { COMMANDS } from '../src/cli/commands'
import { serve } from '../src/cli/commands/serve'
import { SETTINGS } from '../src/config'
import { COUNTER_NAMES, COUNTERS } from '../src/health/counters'
import { type FunctionInfo, listFunctions } from '../src/query/functions/registry'
import { LIBRARY } from '../src/scripts/library'
import { EMPTY, TABLES } from '../src/sources/tables'

export const REFERENCE = join(resolve(import.meta.dir, '..'), 'src/reference.md')

/** A text as a cell of a Markdown table. */
const cell = (text: string) =>
  text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').replaceAll('<', '&lt;').trim()
const code = (text: string) => `\`${text.replaceAll('|', '\\|')}\``

function grid(head: readonly string[], rows: Iterable<readonly string[]>): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return lines.join('\n')
}

const commands = () =>
  grid(
    ['command', 'options', 'does'],
    COMMANDS.filter(({ hidden }) => !hidden).map(({ name, positionals, options, summary }) => {
      const words = positionals.map((word) => (word.required ? word.name : `[${word.name}]`))
      // Those of serve are the settings.
      const flags = name === serve.name ? ['the settings'] : options.map(({ flag }) => code(`--${flag}`))
      return [code(['nixie', name, ...words].join(' ')), flags.join(' '), cell(summary)]
    }),
  )

const settings = () =>
  grid(
    ['flag', 'environment', 'without it', 'meaning'],
    serve.options.flatMap(({ flag, env, fallback = '', help }) => {
      if (!env) return []
      // The host's name differs between machines; the help tells it in words.
      const isShown = fallback !== '' && fallback !== SETTINGS.nodeName.fallback
      return [[code(`--${flag}`), code(env), isShown ? code(fallback) : '', cell(help)]]
    }),
  )

const routes = () =>
  grid(
    ['route', 'parameters', 'answers with'],
    ROUTES.map(({ method, path, parameters, summary }) => [
      code(`${method.toUpperCase()} ${path}`),
      Object.keys(parameters).map(code).join(', '),
      cell(summary),
    ]),
  )

const tables = () =>
  TABLES.map(({ name, description, columns }) => {
    const empty = EMPTY.some((table) => table.name === name) ? '\n\nNothing fills it yet.' : ''
    const rows = columns.map((column) => [
      code(column.name),
      column.type,
      column.semantic,
      cell(column.description),
    ])
    return `### ${name}\n\n${description}${empty}\n\n${grid(['column', 'type', 'unit', 'holds'], rows)}`
  }).join('\n\n')

const scripts = () =>
  grid(
    ['script', 'shows'],
    [...LIBRARY].map(([name, { short }]) => [code(name), cell(short)]),
  )

const signature = ({ args, returns }: FunctionInfo) =>
  code(`(${args.map(({ name, type }) => `${name}: ${type}`).join(', ')}) → ${returns}`)

function functions(kind: FunctionInfo['kind']): string {
  const byName = Map.groupBy(
    listFunctions().filter((one) => one.kind === kind),
    ({ name }) => name,
  )
  return grid(
    ['name', 'takes and gives', 'is'],
    [...byName].map(([name, overloads]) => [
      code(`px.${name}`),
      overloads.map(signature).join('<br>'),
      cell(overloads[0]!.description),
    ]),
  )
}

const counters = () =>
  grid(
    ['metric', 'in the status', 'counts'],
    COUNTER_NAMES.map((name) => [code(counterMetric(name).name), code(name), cell(COUNTERS[name].help)]),
  )

const stateMetrics = () =>
  grid(
    ['metric', 'tells'],
    STATE_METRICS.map(({ name, help }) => [code(name), cell(help)]),
  )

/** The whole file. */
export const reference = (): string => `# Reference

Made by \`bun run reference\` from the declarations: change those, not this.

## Commands

\`nixie COMMAND --help\` tells more.

${commands()}

## Settings

${settings()}

## Routes

\`GET /openapi.json\` describes what they take and answer. Each takes \`node=NAME\`, too.

${routes()}

## Tables

${tables()}

## Scripts

${scripts()}

## Functions

${functions('function')}

## Aggregates

${functions('aggregate')}

## Counters

${counters()}

## Other metrics

${stateMetrics()}
`

if (import.meta.main) writeFileSync(REFERENCE, reference())
