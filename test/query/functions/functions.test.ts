import { describe, expect, test } from 'bun:test'
import { cpus } from 'node:os'
import { listFunctions } from '../../../src/query/functions/registry'
import type { Value } from '../support/tables'
import { type Typed, time, upid, value } from './apply'

type Case = readonly [args: readonly (Value | Typed)[], result: unknown]

const T = 1_800_000_000_123_456_789n
const MAX = 2n ** 63n - 1n
const ours = upid('1:42:7')
const other = upid('1:43:9')
const link = ['label', 'px/pod', 'pod', 'shop/web-1'] as const

const CASES: Readonly<Record<string, readonly Case[]>> = {
  add: [
    [[1n, 2n], 3],
    [[1n, 0.5], 1.5],
    [['a', 'é'], 'aé'],
    [[time(T), 5n], '1800000000123456794'],
    [[5n, time(T)], '1800000000123456794'],
    [[2n ** 53n, 1n], '9007199254740993'],
    [[MAX, 1n], String(-(2n ** 63n))],
  ],
  subtract: [
    [[1n, 2n], -1],
    [[time(T), time(T - 7n)], 7],
    [[time(T), 60_000_000_000n], '1799999940123456789'],
    [[T, T - 1n], 1],
    [[0.5, 1n], -0.5],
  ],
  multiply: [
    [[6n, 7n], 42],
    [[3n, 0.5], 1.5],
    [[0n, -1n], 0],
    [[3_037_000_500n, 3_037_000_499n], '9223372033963249500'],
    [[MAX, 2n], -2],
  ],
  divide: [
    [[1n, 2n], 0.5],
    [[1n, 0n], null],
    [[0n, 0n], null],
    [[7.5, 2.5], 3],
  ],
  modulo: [
    [[7n, 3n], 1],
    [[-7n, 3n], -1],
    [[-6n, 3n], 0],
    [[7n, 0n], 0],
    [[time(T), 10n], 9],
    [[7.5, 2n], 1.5],
  ],
  negate: [
    [[5n], -5],
    [[0n], 0],
    [[-(2n ** 63n)], String(-(2n ** 63n))],
    [[1.5], -1.5],
  ],
  invert: [
    [[0n], -1],
    [[5n], -6],
    [[-1n], 0],
  ],
  bin: [
    [[17n, 5n], 15],
    [[-1n, 5n], -5],
    [[-5n, 5n], -5],
    [[17n, 0n], 17],
    [[17n, -5n], 20],
    [[time(T), 1_000_000_000n], '1800000000000000000'],
    [[time(T), 7n], String(T - (T % 7n))],
    [[T, 10n ** 18n], '1000000000000000000'],
    [[7.5, 2.0], 6],
    [[7.5, 0.0], 7.5],
  ],
  ceil: [
    [[1.2], 2],
    [[-1.2], -1],
    [[Number.NaN], 0],
    [[1e300], String(MAX)],
  ],
  floor: [
    [[1.8], 1],
    [[-1.2], -2],
    [[1e17], '100000000000000000'],
    [[-1e300], String(-(2n ** 63n))],
  ],
  time_to_int64: [[[time(T)], String(T)]],
  int64_to_time: [
    [[T], String(T)],
    [[0n], '0'],
  ],
  abs: [
    [[-5n], 5],
    [[-1.5], 1.5],
    [[-T], String(T)],
  ],
  pow: [[[2n, 10n], 1024]],
  exp: [[[0n], 1]],
  sqrt: [
    [[9n], 3],
    [[-1n], null],
  ],
  ln: [[[1n], 0]],
  log2: [[[8n], 3]],
  log10: [[[1000n], 3]],
  log: [
    [[2n, 8n], 3],
    [[10n, 0n], null],
  ],
  round: [
    [[1.005, 1n], '1.0'],
    [[2.5, 0n], '3'],
    [[1.5, -1n], '2'],
    [[1 / 3, 3n], '0.333'],
  ],
  equal: [
    [[1n, 1n], true],
    [[1n, 1.0], true],
    [['a', 'a'], true],
    [['a', 'b'], false],
    [[true, true], true],
    [[time(T), T], true],
    [[time(T), time(T + 1n)], false],
    [[ours, '1:42:7'], true],
    [[ours, other], false],
    [[Number.NaN, Number.NaN], false],
    [[T, T + 1n], false],
  ],
  notEqual: [
    [[1n, 2n], true],
    [['a', 'a'], false],
    [[Number.NaN, Number.NaN], true],
  ],
  lessThan: [
    [[1n, 2n], true],
    [[2n, 2n], false],
    [['a', 'b'], true],
    [['a', 'ab'], true],
    [['｡', '😀'], true],
    [[time(T), time(T + 1n)], true],
    [[time(T), T], false],
    [[5n, T], true],
    [[1.5, 2n], true],
  ],
  lessThanEqual: [
    [[2n, 2n], true],
    [['b', 'a'], false],
    [[Number.NaN, 1.0], false],
  ],
  greaterThan: [
    [[3n, 2n], true],
    [[T, 5n], true],
    [['', ''], false],
  ],
  greaterThanEqual: [
    [[2n, 2n], true],
    [[T, T + 1n], false],
  ],
  approxEqual: [
    [[0.1 + 0.2, 0.3], true],
    [[0.3, 0.31], false],
    [[Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY], true],
  ],
  logicalAnd: [
    [[true, false], false],
    [[true, true], true],
    [[2n, 4n], true],
    [[2n, 0n], false],
  ],
  logicalOr: [
    [[true, false], true],
    [[false, false], false],
    [[0n, T], true],
  ],
  logicalNot: [
    [[true], false],
    [[0n], true],
  ],
  select: [
    [[true, 1n, 2n], 1],
    [[false, 1n, 2n], 2],
    [[true, 'a', 'b'], 'a'],
    [[false, time(T), time(0n)], '0'],
    [[true, time(T), time(0n)], String(T)],
    [[true, 1.5, 2.5], 1.5],
    [[false, true, false], false],
    [[true, ours, other], '1:42:7'],
  ],
  contains: [
    [['nginx', 'gin'], true],
    [['nginx', 'x'], true],
    [['nginx', 'xn'], false],
    [['nginx', ''], true],
    [['', 'a'], false],
    [['größe', 'öß'], true],
  ],
  length: [
    [['abc'], 3],
    [['é'], 2],
    [[''], 0],
  ],
  find: [
    [['abcabc', 'ca'], 2],
    [['abc', 'x'], -1],
    [['éx', 'x'], 2],
    [['abc', ''], 0],
  ],
  substring: [
    [['abcdef', 1n, 3n], 'bcd'],
    [['abc', 2n, 10n], 'c'],
    [['abc', 5n, 1n], ''],
    [['abc', 0n, -1n], ''],
    [['aéb', 0n, 2n], 'a'],
    [['aéb', 2n, 2n], 'b'],
    [['aéb', 1n, 2n], 'é'],
  ],
  tolower: [[['AbCÉ'], 'abcÉ']],
  toupper: [[['aBcé'], 'ABCé']],
  trim: [
    [[' \t a b\n '], 'a b'],
    [['   '], ''],
    [['\u00a0a'], '\u00a0a'],
  ],
  strip_prefix: [
    [['/api', '/api/x'], '/x'],
    [['/x', '/api'], '/api'],
  ],
  split: [
    [['a,b,"c"', ','], '["a","b","\\"c\\""]'],
    [['ab', ''], '["ab"]'],
  ],
  bytes_to_hex: [[['aé'], '61c3a9']],
  hex_to_ascii: [
    [['61c3a9'], 'aé'],
    [['6'], ''],
    [['zz'], ''],
  ],
  atoi: [
    [['42', 0n], 42],
    [[' -7 ', 0n], -7],
    [['+7', 0n], 7],
    [['4x', 9n], 9],
    [['', 9n], 9],
    [['9223372036854775807', 0n], String(MAX)],
    [['9223372036854775808', 3n], 3],
  ],
  itoa: [
    [[42n], '42'],
    [[MAX], String(MAX)],
  ],
  regex_match: [
    [['a.c', 'abc'], true],
    [['a', 'abc'], false],
    [['127\\.0\\.0\\.[0-9]+', '127.0.0.12'], true],
    [['(?i)ABC', 'abc'], true],
    [['ab\\z', 'ab'], true],
    [['.*x.*', 'a\nx'], false],
    [['(?s).*x.*', 'a\nx'], true],
    [['.*[<]REDACTED[_].*[>].*', 'a <REDACTED_EMAIL> b'], true],
  ],
  replace: [
    [['[0-9]+', 'a1b22', 'N'], 'aNbN'],
    [['(a)(b)?', 'aba', '<\\1\\2>'], '<ab><a>'],
    [['b', 'abc', '$1\\\\'], 'a$1\\c'],
    [['(a)', 'a', '\\0\\7'], 'a'],
    [['x', 'abc', 'y'], 'abc'],
  ],
  _match_regex_rule: [
    [['select 1', '{"sql":"select .*","any":".*"}'], 'sql'],
    [['x', '{"sql":"select .*"}'], ''],
    [['x', 'no json'], ''],
  ],
  pluck: [
    [['{"a":"x"}', 'a'], 'x'],
    [['{"a":{"b":1}}', 'a'], '{"b":1}'],
    [['{"a":1.5}', 'a'], '1.5'],
    [['{"a":null}', 'a'], ''],
    [['{"a":1}', 'b'], ''],
    [['{"a":1', 'a'], ''],
    [['[1]', '0'], ''],
    [['{"a":1}', 'toString'], ''],
    [['', 'a'], ''],
  ],
  pluck_int64: [
    [['{"a":7}', 'a'], 7],
    [['{"a":"7"}', 'a'], 7],
    [['{"a":7.9}', 'a'], 7],
    [['{"a":"x"}', 'a'], 0],
    [['x', 'a'], 0],
  ],
  pluck_float64: [
    [['{"p50":1.25}', 'p50'], 1.25],
    [['{"p50":{}}', 'p50'], 0],
    [['{}', 'p50'], 0],
  ],
  pluck_array: [
    [['["a",2]', 1n], '2'],
    [['["a"]', 5n], ''],
    [['{}', 0n], ''],
  ],
  has_value: [
    [['a', 'a'], true],
    [['["a","b"]', 'b'], true],
    [['["a","b"]', 'c'], false],
    [['[broken', 'a'], false],
  ],
  has_service_name: [
    [['["shop/web","shop/all"]', 'shop/all'], true],
    [['shop/web', 'web'], false],
  ],
  has_service_id: [[['svc-1', 'svc-1'], true]],
  _script_reference: [
    [link, JSON.stringify({ label: 'label', script: 'px/pod', args: { pod: 'shop/web-1' } })],
    [['l', 's'], JSON.stringify({ label: 'l', script: 's', args: {} })],
  ],
  uri_parse: [
    [
      ['http://me:pw@host:8080/a/b?q=1#f'],
      '{"scheme":"http","userInfo":"me:pw","host":"host","port":8080,"path":"/a/b","query":"q=1","fragment":"f"}',
    ],
    [['/a?b'], '{"scheme":"","userInfo":"","host":"","port":-1,"path":"/a","query":"b","fragment":""}'],
    [
      ['https://[::1]:443/'],
      '{"scheme":"https","userInfo":"","host":"[::1]","port":443,"path":"/","query":"","fragment":""}',
    ],
  ],
  uri_recompose: [
    [['http', 'me', 'host', 80n, '/a', 'q=1', 'f'], 'http://me@host:80/a?q=1#f'],
    [['', '', '', -1n, '/a', '', ''], '/a'],
  ],
  cidrs_contain_ip: [
    [['["10.0.0.0/8","192.168.0.0/16"]', '10.9.8.7'], true],
    [['["10.0.0.0/8"]', '11.0.0.1'], false],
    [['["0.0.0.0/0"]', '1.2.3.4'], true],
    [['["fd00::/8"]', 'fd12::1'], true],
    [['["fd00::/8"]', '10.0.0.1'], false],
    [['["10.0.0.0/8"]', '::ffff:10.0.0.1'], true],
    [['["10.0.0.0/33","x"]', '10.0.0.1'], false],
    [['broken', '10.0.0.1'], false],
    [['["10.0.0.1"]', '10.0.0.1'], true],
    [['["10.0.0.0/8"]', '-'], false],
  ],
  http_resp_message: [
    [[404n], 'Not Found'],
    [[999n], 'Unassigned'],
  ],
  protocol_name: [
    [[1n], 'HTTP'],
    [[10n], 'Kafka'],
    [[99n], 'Unknown'],
  ],
  dns_rcode_name: [
    [[3n], 'NXDOMAIN'],
    [[77n], '77'],
  ],
  grpc_status_code_to_str: [
    [[0n], 'OK'],
    [[14n], 'UNAVAILABLE'],
    [[99n], 'UNKNOWN_STATUS(99)'],
  ],
  kafka_api_key_name: [
    [[1n], 'Fetch'],
    [[18n], 'ApiVersions'],
  ],
  cql_opcode_name: [
    [[7n], 'QUERY'],
    [[5n], 'OPTIONS'],
    [[4n], '4'],
  ],
  upid_to_asid: [[[ours], 1]],
  upid_to_pid: [
    [[ours], 42],
    [[upid('')], 0],
  ],
  upid_to_string: [[[ours], '1:42:7']],
  upid_to_cmdline: [
    [[ours], 'nginx -g daemon'],
    [[other], ''],
  ],
  upid_to_container_id: [[[ours], 'c0ffee']],
  upid_to_container_name: [[[ours], 'web']],
  upid_to_deployment_id: [[[ours], '']],
  upid_to_deployment_name: [[[ours], '']],
  upid_to_hostname: [[[ours], 'node-1']],
  upid_to_namespace: [[[ours], 'shop']],
  upid_to_node_name: [[[ours], 'node-1']],
  upid_to_pod_id: [[[ours], 'pod-1']],
  upid_to_pod_name: [
    [[ours], 'shop/web-1'],
    [[other], ''],
  ],
  upid_to_replicaset_id: [[[ours], '']],
  upid_to_replicaset_name: [[[ours], '']],
  upid_to_service_id: [[[ours], 'svc-1']],
  upid_to_service_name: [[[ours], '["shop/web","shop/all"]']],
  pod_id_to_pod_name: [
    [['pod-1'], 'shop/web-1'],
    [[''], ''],
  ],
  pod_id_to_service_name: [[['pod-1'], 'shop/web']],
  pod_id_to_service_id: [[['pod-1'], 'svc-1']],
  pod_id_to_namespace: [[['pod-1'], 'shop']],
  pod_id_to_node_name: [[['pod-1'], 'node-1']],
  pod_name_to_namespace: [
    [['shop/web-1'], 'shop'],
    [['web-1'], ''],
  ],
  service_id_to_service_name: [[['svc-1'], 'shop/web']],
  service_name_to_namespace: [[['shop/web'], 'shop']],
  ip_to_pod_id: [
    [['10.0.0.7'], 'pod-1'],
    [['10.0.0.8'], ''],
  ],
  ip_to_service_id: [[['10.1.0.7'], 'svc-1']],
  asid: [[[], 1]],
  _exec_hostname: [[[], 'node-1']],
  _exec_host_num_cpus: [[[], cpus().length]],
  upid: [
    [[5n, 42n, 7n], '5:42:7'],
    [[42n, 7n], '1:42:7'],
  ],
}

for (const [name, cases] of Object.entries(CASES)) {
  describe(name, () => {
    for (const [args, result] of cases) {
      const shown = args.map((arg) => (typeof arg === 'object' ? `${arg.type} ${arg.value}` : String(arg)))
      test(`${shown.join(', ')} → ${result}`, () => expect(value(name, ...args)).toEqual(result))
    }
  })
}

test('every function has cases', () => {
  const names = listFunctions().flatMap(({ kind, name }) => (kind === 'function' ? [name] : []))
  expect([...new Set(names)].filter((name) => !CASES[name])).toEqual([])
})

describe('regular expressions of users', () => {
  test('that would make a backtracking engine run for ever', () => {
    const text = 'x'.repeat(20_000)
    expect(value('regex_match', '(x+x+)+y', text)).toBe(false)
    expect(value('regex_match', '((((x*)*)*)*)*z', text)).toBe(false)
  })

  for (const pattern of ['(', 'a(?=b)', '(a)\\1', 'x{2000}', `${'a'.repeat(5000)}`]) {
    test(`a bad one is an error of the user: ${pattern.slice(0, 20)}`, () => {
      expect(() => value('regex_match', pattern, 'a')).toThrow(expect.objectContaining({ status: 400 }))
    })
  }
})

test('trim, split and atoi take hostile texts in linear time', () => {
  const white = `${' '.repeat(200_000)}x${' '.repeat(200_000)}`
  expect(value('trim', `a${white}b`)).toBe(`a${white}b`)
  expect(value('atoi', white, 1n)).toBe(1)
})
