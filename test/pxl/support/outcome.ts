/** What becomes of a text that is compiled and run. */
import { expect } from 'bun:test'
import { NixieError } from '../../../src/errors'
import { callFunction, compile } from '../../../src/pxl/compile'
import { VIRTUAL_TABLES } from '../../../src/pxl/modules/virtual-tables'
import { execute } from '../../../src/query/engine'
import { emptyVector } from '../../../src/records/batch'
import { contextOf } from '../../query/support/tables'
import { NOW, StoredTables } from './stored-tables'

const source = new StoredTables([
  {
    name: 'http_events',
    columns: [
      { name: 'time_', type: 'TIME64NS', semantic: 'ST_NONE' },
      { name: 'upid', type: 'UINT128', semantic: 'ST_UPID' },
      { name: 'path', type: 'STRING', semantic: 'ST_NONE' },
      { name: 'latency', type: 'INT64', semantic: 'ST_DURATION_NS' },
    ],
    rows: [
      { time_: NOW - 2_000_000_000n, upid: '1:42:7', path: '/a(b', latency: 5 },
      { time_: NOW - 1_000_000_000n, upid: '', path: '', latency: -1 },
    ],
  },
])
const tables = source.tables()

const running = contextOf(source, {
  nowNs: NOW,
  limits: { rows: 100, memoryBytes: 64 << 20, deadlineMs: 10_000 },
  virtualTable: (fn) => {
    const { columns } = VIRTUAL_TABLES[fn]!
    return { columns, batch: { rows: 0, columns: columns.map(({ type }) => emptyVector(type)) } }
  },
})

/** Words of the runtime, not of PxL. */
const OF_RUNTIME =
  /undefined|\bNaN\b|is not a function|is not an object|Cannot |can't access|null is|\[object |BigInt|JavaScript|TypeError|RangeError|Symbol|prototype of/

/**
 * The error, or undefined without one. Anything else thrown fails the test, and so does a message of the runtime.
 *
 * @param calls all functions of the script are called too, without arguments
 */
export function failureOf(text: string, { calls = false } = {}): NixieError | undefined {
  const shown = text.slice(0, 2000)
  try {
    const module = compile(text, { tables, nowNs: NOW })
    const called = (calls ? module.functions : []).flatMap(({ name }) => callFunction(module, name))
    const outputs = [...module.displays.map(({ node }) => node), ...called].map((node, i) => ({
      name: `${i}`,
      node,
    }))
    execute({ outputs }, running)
    return undefined
  } catch (cause) {
    if (!(cause instanceof NixieError)) throw cause
    const { code, message, hint, line, column } = cause.shape
    if (code === 'internal') throw new Error(`${message}\n${shown}`)
    expect(message, shown).not.toBe('')
    expect(hint.length, shown).toBeLessThan(1000)
    if (!OF_RUNTIME.test(text)) expect(`${message} ${hint}`, shown).not.toMatch(OF_RUNTIME)
    if (code !== 'unknown_argument') expect([line, column], `${message} ${shown}`).not.toContain(undefined)
    return cause
  }
}
