/** What an editor asks, as blocks of text; and that no text and no place of the cursor defeats it. */
import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CompletionItem, check, complete, type Diagnostic } from '../../src/pxl/editor/editor'
import type { TableSchema } from '../../src/pxl/values/table-schema'
import { LIBRARY } from '../../src/scripts/library'
import { random } from '../query/support/tables'
import { NOW } from './support/stored-tables'

const column = (name: string, type: string, unit = 'NONE') =>
  ({
    name,
    type,
    semantic: `ST_${unit}`,
    pattern: 'GENERAL',
    description: '',
  }) as TableSchema['columns'][number]

const tables: readonly TableSchema[] = [
  {
    name: 'http_events',
    columns: [
      column('time_', 'TIME64NS'),
      column('upid', 'UINT128', 'UPID'),
      column('req_path', 'STRING'),
      column('resp_status', 'INT64'),
      column('latency', 'INT64', 'DURATION_NS'),
    ],
  },
  { name: 'conn_stats', columns: [column('time_', 'TIME64NS'), column('bytes', 'INT64', 'BYTES')] },
]
const unfilled: TableSchema = {
  name: 'stack_traces.beta',
  columns: [column('count', 'INT64')],
  recorded: false,
}
const context = { tables, nowNs: NOW }

const blocks = readFileSync(join(import.meta.dir, 'editor.txt'), 'utf8')
  .split(/^(?=(?:CHECK|COMPLETE) )/m)
  .slice(1)
  .map((block) => {
    const [head, ...lines] = block.trimEnd().split('\n') as [string, ...string[]]
    return { kind: head.split(' ')[0]!, name: head.slice(head.indexOf(' ') + 1), lines }
  })

const described = ({ label, kind, type }: CompletionItem) => `${label} ${kind}${type ? ` ${type}` : ''}`

describe('complete', () => {
  for (const { name, lines } of blocks.filter((block) => block.kind === 'COMPLETE')) {
    test(name, () => {
      const end = lines.findIndex((line) => /^(REPLACES|PROPOSES)/.test(line))
      const marked = lines.slice(0, end).join('\n')
      const offset = marked.indexOf('‸')
      const text = marked.replace('‸', '')
      const { from, to, items } = complete(text, offset, context)
      const replaces = lines[end]!.startsWith('REPLACES ') ? lines[end]!.slice(9) : ''
      expect(text.slice(from, to)).toBe(replaces)
      const wanted = lines.slice(lines.indexOf('PROPOSES') + 1)
      const found = items.map(described)
      for (const line of wanted) {
        if (line.startsWith('no ')) expect(items.map((item) => item.label)).not.toContain(line.slice(3))
        else if (line !== '…') expect(found).toContain(line)
      }
      if (!wanted.includes('…')) expect(found).toEqual(wanted)
    })
  }
})

const shown = (d: Diagnostic) =>
  `${d.severity} ${d.line}:${d.column}-${d.endLine}:${d.endColumn} ${d.message} | ${d.hint}`

describe('check', () => {
  for (const { name, lines } of blocks.filter((block) => block.kind === 'CHECK')) {
    test(name, () => {
      const end = lines.findIndex((line) => /^(VIEW|FINDS)/.test(line))
      const views = lines.filter((line) => line.startsWith('VIEW '))
      const view = views.map((line) => {
        const [, called, ...args] = line.split(' ') as [string, string, ...string[]]
        const pairs = args.map((arg) => arg.split('=') as [string, string])
        return { name: called, args: Object.fromEntries(pairs.map(([key, text]) => [key, { text }])) }
      })
      const found = check(lines.slice(0, end).join('\n'), {
        nowNs: NOW,
        tables: [...tables, ...(name.includes('without source') ? [unfilled] : [])],
        ...(view.length > 0 ? { view } : {}),
      }).map(shown)
      const wanted = lines.slice(lines.indexOf('FINDS') + 1)
      expect(found.length).toBe(wanted.length)
      for (const [i, line] of wanted.entries()) expect(found[i]).toStartWith(line)
    })
  }
})

test('no text and no place of the cursor throws', () => {
  const next = random(11)
  const texts = [...LIBRARY.values()].slice(0, 6).map((bundle) => bundle.text)
  const marks = `()[]{}'".,=#\\:\n `
  for (let i = 0; i < 150; i++) {
    const whole = texts[i % texts.length]!
    const at = Math.floor(next() * whole.length)
    const mark = marks[Math.floor(next() * marks.length)]!
    const damaged = whole.slice(0, at) + mark + whole.slice(at + Math.floor(next() * 20))
    const { from, to, items } = complete(damaged, at + 1, context)
    expect(from).toBeLessThanOrEqual(to)
    expect(to).toBeLessThanOrEqual(damaged.length)
    for (const item of items) expect(item.label).not.toBe('')
    for (const d of check(damaged, context)) expect(d.line).toBeGreaterThanOrEqual(1)
  }
  for (const offset of [-1, 1e9, Number.NaN]) expect(complete('import px', offset, context)).toBeDefined()
})
