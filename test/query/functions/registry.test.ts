import { describe, expect, test } from 'bun:test'
import {
  isAggregate,
  isFunction,
  listFunctions,
  resolveAggregate,
  resolveFunction,
} from '../../../src/query/functions/registry'
import type { DataType, SemanticType } from '../../../src/records/types'

const arg = (type: DataType, semantic: SemanticType = 'ST_NONE') => ({ type, semantic })
const int = arg('INT64')
const float = arg('FLOAT64')
const bytes = arg('INT64', 'ST_BYTES')
const duration = arg('INT64', 'ST_DURATION_NS')

describe('types', () => {
  const cases: readonly [string, readonly ReturnType<typeof arg>[], DataType | undefined][] = [
    ['add', [int, int], 'INT64'],
    ['add', [int, float], 'FLOAT64'],
    ['add', [arg('TIME64NS'), int], 'TIME64NS'],
    ['subtract', [arg('TIME64NS'), arg('TIME64NS')], 'INT64'],
    ['divide', [int, int], 'FLOAT64'],
    ['add', [arg('STRING'), int], undefined],
    ['add', [int], undefined],
    ['floor', [int], 'INT64'],
    ['select', [arg('BOOLEAN'), int, float], 'FLOAT64'],
    ['select', [arg('BOOLEAN'), int, arg('STRING')], undefined],
    ['equal', [arg('STRING'), int], undefined],
    ['contains', [arg('STRING'), arg('STRING')], 'BOOLEAN'],
    ['contains', [int, arg('STRING')], undefined],
    ['multiply', [arg('BOOLEAN'), int], 'INT64'],
    ['no_such_function', [int], undefined],
    ['constructor', [int], undefined],
  ]
  for (const [name, args, result] of cases)
    test(`${name}(${args.map(({ type }) => type)}) is ${result}`, () =>
      expect(resolveFunction(name, args)?.type).toBe(result as DataType))
})

describe('units', () => {
  const cases: readonly [string, readonly ReturnType<typeof arg>[], SemanticType][] = [
    ['add', [bytes, bytes], 'ST_BYTES'],
    ['add', [bytes, int], 'ST_NONE'],
    ['add', [arg('FLOAT64', 'ST_PERCENT'), arg('FLOAT64', 'ST_PERCENT')], 'ST_NONE'],
    ['subtract', [duration, duration], 'ST_DURATION_NS'],
    ['divide', [int, duration], 'ST_THROUGHPUT_PER_NS'],
    ['divide', [bytes, duration], 'ST_THROUGHPUT_BYTES_PER_NS'],
    ['divide', [duration, int], 'ST_NONE'],
    ['multiply', [bytes, int], 'ST_NONE'],
    ['floor', [arg('FLOAT64', 'ST_DURATION_NS')], 'ST_NONE'],
    ['select', [arg('BOOLEAN'), bytes, bytes], 'ST_BYTES'],
    ['select', [arg('BOOLEAN'), bytes, int], 'ST_NONE'],
    ['upid_to_pod_name', [arg('UINT128', 'ST_UPID')], 'ST_POD_NAME'],
    ['_script_reference', [arg('STRING'), arg('STRING')], 'ST_SCRIPT_REFERENCE'],
    ['upid_to_container_name', [arg('UINT128')], 'ST_CONTAINER_NAME'],
    ['upid_to_service_name', [arg('UINT128')], 'ST_SERVICE_NAME'],
    ['upid_to_pod_status', [arg('UINT128')], 'ST_POD_STATUS'],
    ['pod_id_to_pod_name', [arg('STRING')], 'ST_POD_NAME'],
    ['pod_id_to_service_name', [arg('STRING')], 'ST_SERVICE_NAME'],
    ['pod_id_to_namespace', [arg('STRING')], 'ST_NAMESPACE_NAME'],
    ['pod_id_to_node_name', [arg('STRING')], 'ST_NODE_NAME'],
    ['pod_name_to_status', [arg('STRING')], 'ST_POD_STATUS'],
    ['pod_name_to_pod_ip', [arg('STRING', 'ST_POD_NAME')], 'ST_NONE'],
    ['service_name_to_namespace', [arg('STRING')], 'ST_NAMESPACE_NAME'],
    ['container_id_to_status', [arg('STRING')], 'ST_CONTAINER_STATUS'],
    ['ip_to_pod_id', [arg('STRING', 'ST_IP_ADDRESS')], 'ST_NONE'],
    ['nslookup', [arg('STRING', 'ST_IP_ADDRESS')], 'ST_NONE'],
  ]
  for (const [name, args, result] of cases)
    test(`${name}(${args.map(({ semantic }) => semantic)}) is ${result}`, () =>
      expect(resolveFunction(name, args)?.semantic).toBe(result))
})

describe('aggregates', () => {
  const cases: readonly [string, ReturnType<typeof arg>, DataType | undefined, SemanticType?][] = [
    ['count', arg('STRING'), 'INT64', 'ST_NONE'],
    ['sum', arg('BOOLEAN'), 'INT64', 'ST_NONE'],
    ['sum', duration, 'INT64', 'ST_NONE'],
    ['sum', bytes, 'INT64', 'ST_BYTES'],
    ['sum', float, 'FLOAT64', 'ST_NONE'],
    ['sum', arg('STRING'), undefined],
    ['mean', duration, 'FLOAT64', 'ST_DURATION_NS'],
    ['max', arg('TIME64NS'), 'TIME64NS', 'ST_NONE'],
    ['min', arg('STRING'), undefined],
    ['any', arg('STRING', 'ST_POD_NAME'), 'STRING', 'ST_POD_NAME'],
    ['quantiles', duration, 'STRING', 'ST_DURATION_NS_QUANTILES'],
    ['quantiles', float, 'STRING', 'ST_QUANTILES'],
    ['median', int, undefined],
  ]
  for (const [name, column, type, semantic] of cases)
    test(`${name}(${column.type} ${column.semantic})`, () =>
      expect(resolveAggregate(name, column)).toEqual(type && { type, semantic: semantic! }))
})

test('names are either functions or aggregates', () => {
  for (const { name, kind } of listFunctions()) {
    expect(isFunction(name)).toBe(kind === 'function')
    expect(isAggregate(name)).toBe(kind === 'aggregate')
  }
})

test('the list has a sentence for each, sorted by name', () => {
  const list = listFunctions()
  expect(list.filter(({ description }) => !description.endsWith('.'))).toEqual([])
  expect(list.map(({ name }) => name)).toEqual(list.map(({ name }) => name).sort())
})
