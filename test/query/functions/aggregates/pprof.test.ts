import { describe, expect, test } from 'bun:test'
import { Pprof } from '../../../../src/query/functions/aggregates/pprof'
import { vectorOf } from '../../../../src/query/operand'
import { contextOf, request, rowsOf, run, withScript } from '../../../runner/support'

type Field = readonly [field: number, value: number | Buffer]

/** The fields of a protobuf message: varints as numbers, the rest as bytes. */
function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = []
  let at = 0
  const varint = () => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const value = varint()
    if (tag % 8 === 0) fields.push([tag >> 3, value])
    else {
      fields.push([tag >> 3, bytes.subarray(at, at + value)])
      at += value
    }
  }
  return fields
}

const messages = (fields: readonly Field[], field: number) =>
  fields.flatMap(([number, value]) => (number === field ? [value as Buffer] : []))
const number = (bytes: Buffer, field: number) => fieldsOf(bytes).find(([f]) => f === field)?.[1] as number
const packed = (bytes: Buffer, field: number) => {
  const [value] = messages(fieldsOf(bytes), field)
  return fieldsOf(
    Buffer.concat(
      [...value!].flatMap((b, i, all) => (i === 0 || all[i - 1]! < 128 ? [Buffer.of(8, b)] : [Buffer.of(b)])),
    ),
  ).map(([, v]) => v)
}

/** Reads a profile as `go tool pprof` does: stacks of names, leaf first, with their values. */
function readProfile(base64: string) {
  const profile = fieldsOf(Buffer.from(base64, 'base64'))
  const strings = messages(profile, 6).map(String)
  const functions = new Map(messages(profile, 5).map((f) => [number(f, 1), strings[number(f, 2)]]))
  const locations = new Map(
    messages(profile, 4).map((l) => [number(l, 1), functions.get(number(messages(fieldsOf(l), 4)[0]!, 1))]),
  )
  return {
    first: strings[0],
    types: messages(profile, 1).map((t) => `${strings[number(t, 1)]}/${strings[number(t, 2)]}`),
    period: profile.find(([f]) => f === 12)?.[1],
    samples: messages(profile, 2).map((s) => [
      packed(s, 1).map((id) => locations.get(id as number)),
      packed(s, 2),
    ]),
  }
}

const text = (vector: ReturnType<Pprof['finish']>, row: number) =>
  'dict' in vector ? vector.dict.get(vector.codes[row]!) : ''

test('stacks, counts and the period of each group', () => {
  const pprof = new Pprof()
  const stacks = vectorOf('STRING', ['main;work;[k] read', 'main;idle', 'main;work;[k] read', 'other'])
  const counts = vectorOf('INT64', [3, 1, 200, 5])
  const periods = vectorOf('INT64', [11, 11, 11, 11])
  pprof.add(stacks, Uint32Array.of(0, 0, 0, 1), 4, 2, [counts, periods])
  const result = pprof.finish(3)
  expect(readProfile(text(result, 0))).toEqual({
    first: '',
    types: ['samples/count', 'cpu/nanoseconds'],
    period: 11_000_000,
    samples: [
      [
        ['[k] read', 'work', 'main'],
        [203, 203 * 11_000_000],
      ],
      [
        ['idle', 'main'],
        [1, 11_000_000],
      ],
    ],
  })
  expect(readProfile(text(result, 1)).samples).toEqual([[['other'], [5, 55_000_000]]])
  expect(readProfile(text(result, 2)).samples).toEqual([])
})

describe('in a script', () => {
  const rows = [
    request(3, { req_path: 'main;a', latency: 2, resp_status: 11 }),
    request(2, { req_path: 'main;b', latency: 3, resp_status: 11 }),
    request(1, { req_path: 'main;a', latency: 5, resp_status: 11 }),
  ]
  const script = (aggregate: string) =>
    withScript(contextOf(rows), 'own/pprof', {
      'pprof.pxl': `import px\ndf = px.DataFrame('http_events')\npx.display(df.groupby('trace_role').agg(p=(${aggregate}, px.pprof)))\n`,
      'manifest.yaml': 'short: Own\nlong: A script.\n',
    })

  test('it takes three columns', () => {
    const result = run({ script: 'own/pprof', args: {} }, script("['req_path', 'latency', 'resp_status']"))
    expect(readProfile(rowsOf(result)[0]!.p as string).samples).toEqual([
      [
        ['a', 'main'],
        [7, 77_000_000],
      ],
      [
        ['b', 'main'],
        [3, 33_000_000],
      ],
    ])
  })

  test('of other types or fewer, it says what it takes', () => {
    expect(() => run({ script: 'own/pprof', args: {} }, script("'req_path'"))).toThrow(
      "px.pprof does not take the STRING column 'req_path'",
    )
    expect(() =>
      run({ script: 'own/pprof', args: {} }, script("['req_path', 'latency', 'req_body']")),
    ).toThrow("and the STRING column 'req_body'")
  })
})
