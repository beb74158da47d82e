import { expect, test } from 'bun:test'
import { toCells } from '../../../../src/query/cells'
import { apply } from '../../../../src/query/functions/base/lift'
import { findOverload } from '../../../../src/query/functions/registry'
import { materialise, vectorOf } from '../../../../src/query/operand'
import { LATER, MADE } from '../../../metadata/support'
import { functionContext } from '../apply'

test('each row asks at its own time', () => {
  const rows: readonly [string, bigint, string][] = [
    ['10.0.0.9', MADE + 5n, 'pod-0'],
    ['10.0.0.7', LATER, 'pod-1'],
    ['10.0.0.9', LATER + 5n, 'pod-2'],
    ['192.0.2.1', LATER, ''],
    ['10.0.0.9', LATER - 1n, 'pod-0'],
    ['10.0.0.7', MADE - 1n, 'pod-1'],
  ]
  const overload = findOverload('ip_to_pod_id', [
    { type: 'STRING', semantic: 'ST_IP_ADDRESS' },
    { type: 'TIME64NS', semantic: 'ST_NONE' },
  ])!
  const columns = [
    vectorOf(
      'STRING',
      rows.map(([ip]) => ip),
    ),
    vectorOf(
      'TIME64NS',
      rows.map(([, time]) => time),
    ),
  ]
  const result = materialise(apply(overload, columns, rows.length, functionContext), rows.length)
  expect(toCells({ rows: rows.length, columns: [result] })[0]).toEqual(rows.map(([, , id]) => id))
})
