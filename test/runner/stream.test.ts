/** Results as bytes: what each format holds, limits, slow readers, readers that go, errors on the way. */
import { describe, expect, test } from 'bun:test'
import { tableFromIPC } from '@uwdata/flechette'
import { NixieError } from '../../src/errors'
import { Deadline } from '../../src/query/deadline'
import { type Batch, StringTable } from '../../src/records/batch'
import { AnswerBytes, CANCELLED, CREDIT } from '../../src/runner/answer-bytes'
import { ArrowWriter } from '../../src/runner/formats/arrow'
import { csvLines } from '../../src/runner/formats/text'
import { schemaOf } from '../../src/runner/run-script'
import type { ResultColumn, StreamOutput } from '../../src/runner/runner'
import { streamTask } from '../../src/runner/stream'
import { StreamedAnswer } from '../../src/runner/streamed-answer'
import { Pace } from '../support/pace'
import { contextOf, request, rowsOf, run, sharedCredit } from './support'

const ROWS = Array.from({ length: 50 }, (_, i) =>
  request(50 - i, { req_path: `/"${i}",\n`, resp_status: 200 + i, latency: 2 ** 40 + i }),
)
const context = contextOf(ROWS)
const TEXT = `import px
df = px.DataFrame('http_events', select=['time_', 'upid', 'req_path', 'resp_status', 'latency'])
df.share = df.latency / 2.0
df.bad = df.resp_status >= 240
px.display(df, 'rows')`
const TWO = `${TEXT}\npx.display(df.head(1), 'first')\npx.debug(df.head(2), 'seen')`

async function streamed(text: string, output: StreamOutput, within = context, limits = {}, links = false) {
  const parts: Uint8Array[] = []
  const shared = sharedCredit(1 << 30)
  const out = new AnswerBytes(shared, (bytes) => parts.push(bytes))
  const end = await streamTask({ request: { text, limits, links }, output }, within, out)
  const bytes = new Uint8Array(Buffer.concat(parts))
  return { end, bytes, text: new TextDecoder().decode(bytes), parts, left: shared[CREDIT]! }
}

describe('links to views', () => {
  const LINKED = `${TEXT.replace(
    'px.display',
    "df.end = px.select(df.bad, px.script_reference('bad', 'px/ip'), px.script_reference('good', 'px/pod', {'pod': 'a'}))\npx.display",
  ).replace(", 'rows'", ".head(1), 'rows'")}`
  const object = { label: 'bad', script: 'px/ip', args: {} }
  const link = JSON.stringify(object)
  const asked = async (output: StreamOutput, links: boolean) => {
    const { text } = await streamed(LINKED, output, context, {}, links)
    return text
  }

  test('are their labels, in every format', async () => {
    for (const shape of ['rows', 'columns'] as const) {
      expect(await asked({ format: 'json', shape }, false)).toMatch(/"bad"[\]}]/)
    }
    expect(await asked({ format: 'ndjson' }, false)).toContain('"end":"bad"')
    expect(await asked({ format: 'csv' }, false)).toEndWith(',true,bad\r\n')
    const { bytes } = await streamed(LINKED, { format: 'arrow' })
    expect(tableFromIPC(bytes).toArray()).toMatchObject([{ end: 'bad' }])
  })

  test('are objects when they are asked for', async () => {
    expect(JSON.parse(await asked({ format: 'ndjson' }, true)).end).toEqual(object)
    const cell = async (shape: 'rows' | 'columns') =>
      JSON.parse(await asked({ format: 'json', shape }, true)).tables[0]
    expect((await cell('rows')).rows[0].end).toEqual(object)
    expect((await cell('columns')).values.at(-1)).toEqual([object])
  })

  test('are the text of the object where a cell can only be text', async () => {
    expect(await asked({ format: 'csv' }, true)).toContain(`,"${link.replaceAll('"', '""')}"\r\n`)
    const { bytes } = await streamed(LINKED, { format: 'arrow' }, context, {}, true)
    expect(tableFromIPC(bytes).toArray()).toMatchObject([{ end: link }])
  })

  test('what is no link stays text, also when it looks like JSON', async () => {
    for (const text of ['{broken', '[1]', '"a"', '7', 'null', '']) {
      const script = `${TEXT.replace('px.display', `df.end = px.script_reference('', '')\npx.display`)}`
      const made = script.replace(
        `px.script_reference('', '')`,
        `px.select(df.bad, '${text}', px.script_reference('good', 'px/pod'))`,
      )
      const { text: lines } = await streamed(made, { format: 'ndjson' }, context, {}, true)
      expect(JSON.parse(lines.split('\n')[0]!).end).toBe(text)
    }
  })

  test('have the meaning of what is there', () => {
    const meaning = (links: boolean) =>
      schemaOf({ text: LINKED, links }, context).tables[0]!.columns.at(-1)!.semantic
    expect([meaning(false), meaning(true)]).toEqual(['ST_NONE', 'ST_SCRIPT_REFERENCE'])
  })
})

describe('formats', () => {
  const whole = rowsOf(run({ text: TEXT }, context))

  test('NDJSON has the rows of the JSON answer', async () => {
    const { text, end } = await streamed(TEXT, { format: 'ndjson' })
    const lines = text.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      whole.map((row) => ({ _tableName_: 'rows', ...row })),
    )
    expect(end).toEqual({ warnings: [], rows: 50, truncated: [] })
  })

  test('CSV has one header', async () => {
    const { text } = await streamed(TEXT, { format: 'csv' })
    expect(text).toStartWith('time_,upid,req_path,resp_status,latency,share,bad\r\n')
    expect(text.match(/time_/g)).toHaveLength(1)
    expect(text).toContain(',1:42:7,"/""7"",\n",207,1099511627783,549755813891.5,false\r\n')
  })

  test('CSV shows as escapes what a terminal would obey; ends of lines and tabs stay', () => {
    const columns = [{ name: 'text', type: 'STRING', semantic: 'ST_NONE' }] as const
    const texts = [
      '\u001b[2J',
      'a\u202eb,c',
      '\u0000\u007f\u009b',
      'x\r\n\ty',
      '\u2066\u200f\u061c',
      '\u2013',
    ]
    const table = { name: 't', columns, values: [texts], rows: texts.length, truncated: false }
    expect([...csvLines(table)]).toEqual([
      'text\r\n',
      '\\u001b[2J\r\n',
      '"a\\u202eb,c"\r\n',
      '\\u0000\\u007f\\u009b\r\n',
      '"x\r\n\ty"\r\n',
      '\\u2066\\u200f\\u061c\r\n',
      '\u2013\r\n',
    ])
  })

  test('Arrow: types, values, metadata', async () => {
    const { bytes } = await streamed(TEXT, { format: 'arrow' })
    const table = tableFromIPC(bytes, { useBigInt: true })
    expect(table.numRows).toBe(50)
    const rows = table.toArray() as unknown as Record<string, unknown>[]
    expect(rows.map((row) => row.req_path)).toEqual(whole.map((row) => row.req_path!))
    expect(rows.map((row) => row.latency)).toEqual(whole.map((row) => BigInt(row.latency as number)))
    expect(rows.map((row) => row.share)).toEqual(whole.map((row) => row.share!))
    expect(rows.map((row) => row.bad)).toEqual(whole.map((row) => row.bad!))
    expect(rows[0]!.upid).toBe('1:42:7')
    const fields = new Map(table.schema.fields.map((field) => [field.name, field]))
    expect(fields.get('time_')!.type).toMatchObject({ unit: 3, timezone: 'UTC' })
    expect(fields.get('latency')!.metadata!.get('semantic_type')).toBe('ST_DURATION_NS')
    expect(fields.get('upid')!.metadata!.get('data_type')).toBe('UINT128')
  })

  test('JSON is the whole answer', async () => {
    const answer = JSON.parse((await streamed(TWO, { format: 'json', shape: 'columns' })).text)
    expect(answer.tables.map((table: { name: string }) => table.name)).toEqual(['rows', 'first', '_seen'])
    expect(answer.tables[0].count).toBe(50)
    expect(answer.stats.rowsOut).toBe(53)
  })

  test('no rows: nothing, a header, a schema', async () => {
    const empty = contextOf([])
    expect((await streamed(TEXT, { format: 'ndjson' }, empty)).bytes).toHaveLength(0)
    expect((await streamed(TEXT, { format: 'csv' }, empty)).text).toBe(
      'time_,upid,req_path,resp_status,latency,share,bad\r\n',
    )
    const table = tableFromIPC((await streamed(TEXT, { format: 'arrow' }, empty)).bytes)
    expect([table.numRows, table.numCols]).toEqual([0, 7])
  })

  test('one of several tables', async () => {
    expect((await streamed(TWO, { format: 'csv', table: 'first' })).text.split('\r\n')).toHaveLength(3)
    for (const format of ['csv', 'arrow'] as const) {
      const several = streamed(TWO, { format })
      await expect(several).rejects.toMatchObject({
        shape: { hint: 'Choose one by table=NAME: rows, first, _seen.' },
      })
    }
    await expect(streamed(TWO, { format: 'ndjson', table: 'x' })).rejects.toMatchObject({
      shape: { code: 'unknown_table' },
    })
  })

  test('the row limit keeps the newest, and says what it cut', async () => {
    const { text, end } = await streamed(TEXT, { format: 'ndjson' }, context, { rows: 3 })
    const paths = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).req_path)
    expect(paths).toEqual(['/"49",\n', '/"48",\n', '/"47",\n'])
    expect(end).toMatchObject({ rows: 3, truncated: ['rows'] })
  })

  test('rows of a table', async () => {
    const parts: Uint8Array[] = []
    const out = new AnswerBytes(sharedCredit(), (bytes) => parts.push(bytes))
    const rowsAsked = { name: 'http_events', limit: 2 }
    const end = await streamTask(
      { request: { rowsOf: rowsAsked }, output: { format: 'ndjson' } },
      context,
      out,
    )
    expect(end).toMatchObject({ rows: 2, truncated: [] })
    expect(new TextDecoder().decode(parts[0])).toStartWith('{"_tableName_":"http_events","time_":')
  })
})

describe('integers in Arrow', () => {
  const column: ResultColumn = { name: 'n', type: 'INT64', semantic: 'ST_NONE' }
  const roundTrip = (base: bigint, values: number[]): bigint[] => {
    const writer = new ArrowWriter([column])
    const batch: Batch = {
      rows: values.length,
      columns: [{ type: 'INT64', base, values: Float64Array.from(values) }],
    }
    const whole = Buffer.concat([writer.start, writer.batch(batch), writer.end])
    return [...tableFromIPC(new Uint8Array(whole), { useBigInt: true }).getChild('n')] as bigint[]
  }
  test.each([
    [0n, [0, 1, -1, 2 ** 32, -(2 ** 32), 2 ** 53 - 1, -(2 ** 53 - 1)]],
    [1_790_000_000_000_000_001n, [0, 4_294_967_295, -1, -5_000_000_000, 2 ** 53]],
    [-7n, [6, 7, 8]],
    [2n ** 62n, [0, -1]],
  ] as [bigint, number[]][])('base %d', (base, values) => {
    expect(roundTrip(base, values)).toEqual(values.map((value) => base + BigInt(value)))
  })

  test('texts of a dictionary, several batches', () => {
    const writer = new ArrowWriter([{ name: 's', type: 'STRING', semantic: 'ST_NONE' }])
    const batch = (codes: number[]): Batch => ({
      rows: codes.length,
      columns: [{ type: 'STRING', codes: Uint32Array.from(codes), dict: StringTable.of(['é', '', 'a"b']) }],
    })
    const stream = [writer.start, writer.batch(batch([2, 0])), writer.batch(batch([1, 1, 0])), writer.end]
    const table = tableFromIPC(new Uint8Array(Buffer.concat(stream)))
    expect([...table.getChild('s')] as unknown[]).toEqual(['a"b', 'é', '', '', 'é'])
  })
})

describe('a reader that is slower than the query', () => {
  test('takes from the credit; without any the query waits, and ends when it is cancelled', () => {
    const shared = sharedCredit(10)
    const posted: number[] = []
    const out = new AnswerBytes(shared, (bytes) => posted.push(bytes.length))
    out.bytes(new Uint8Array(8))
    out.bytes(new Uint8Array(8))
    expect([posted, shared[CREDIT]]).toEqual([[8, 8], -6])
    shared[CANCELLED] = 1
    expect(() => out.bytes(new Uint8Array(1))).toThrow(NixieError)
    expect(posted).toHaveLength(2)
  })

  test('goes on when the reader has read', async () => {
    const shared = sharedCredit(1)
    const worker = new Worker(new URL('./crediting-worker.ts', import.meta.url).href)
    worker.postMessage(shared.buffer)
    const deadline = new Deadline(60_000)
    const out = new AnswerBytes(shared, () => {}, deadline)
    out.bytes(new Uint8Array(100))
    const started = performance.now()
    out.bytes(new Uint8Array(1))
    expect(performance.now() - started).toBeGreaterThan(1)
    expect(deadline.pausedMs).toBeGreaterThan(1)
    worker.terminate()
  })
})

test('a reader that takes a byte now and then is taken to be gone too', () => {
  const shared = sharedCredit(0)
  const worker = new Worker(new URL('./trickling-worker.ts', import.meta.url).href)
  worker.postMessage(shared.buffer)
  const out = new AnswerBytes(shared, () => {}, undefined, 500)
  const pace = new Pace()
  expect(() => {
    for (;;) out.bytes(new Uint8Array(1))
  }).toThrow('fewer than 16 kB/s')
  expect(pace.ms()).toBeLessThan(5000)
  worker.terminate()
})

describe('the receiver', () => {
  const bytesOf = (text: string) => new TextEncoder().encode(text)
  const failed = new NixieError('deadline_exceeded', 'Too long')
  const open = (format: StreamOutput['format'], cancel = () => {}) => {
    const shared = sharedCredit(0)
    return { shared, receiver: new StreamedAnswer(format, shared.buffer as SharedArrayBuffer, cancel) }
  }

  test('gives credit for what was read, not for what came', async () => {
    const { receiver, shared } = open('csv')
    receiver.chunk(bytesOf('abc'), [])
    receiver.chunk(bytesOf('de'), [])
    const reader = (await receiver.opened).body.getReader()
    expect(shared[CREDIT]).toBe(0)
    await reader.read()
    expect(shared[CREDIT]).toBe(3)
    receiver.done({ rows: 1, truncated: [], warnings: [] })
    await reader.read()
    expect([shared[CREDIT], (await reader.read()).done]).toEqual([5, true])
  })

  test('an error before the first byte is one of the request', async () => {
    const { receiver } = open('ndjson')
    receiver.fail(failed)
    await expect(receiver.opened).rejects.toBe(failed)
  })

  test('an error on the way: a last line in NDJSON, a broken body elsewhere', async () => {
    const lines = open('ndjson').receiver
    lines.chunk(bytesOf('{"a":1}\n'), [])
    lines.fail(failed)
    const { body, end } = await lines.opened
    expect((await new Response(body).text()).split('\n')[1]).toBe(JSON.stringify({ error: failed.shape }))
    await expect(end).rejects.toBe(failed)
    const csv = open('csv').receiver
    csv.chunk(bytesOf('a\r\n'), [])
    csv.fail(failed)
    await expect(new Response((await csv.opened).body).text()).rejects.toBe(failed)
  })

  test('a reader that goes cancels', async () => {
    let cancelled = 0
    const { receiver } = open('csv', () => cancelled++)
    receiver.chunk(bytesOf('a'), [])
    await (await receiver.opened).body.cancel()
    expect(cancelled).toBe(1)
  })
})

describe('a long text in every row', () => {
  const LENGTH = 200_000
  const long = `import px
df = px.DataFrame('http_events', select=['resp_status'])
df.a = px.replace('x', '${'x'.repeat(200)}', '${'y'.repeat(1000)}')
df.b = df.a
px.display(df, 'rows')`
  const OUTPUTS: readonly StreamOutput[] = [
    { format: 'json' },
    { format: 'json', shape: 'columns' },
    { format: 'ndjson' },
    { format: 'csv' },
    { format: 'arrow' },
  ]

  test.each(OUTPUTS.map((output) => [`${output.format} ${output.shape ?? ''}`, output] as const))(
    'is written in parts, as %s',
    async (_, output) => {
      const { parts, bytes, end } = await streamed(long, output)
      expect(end.rows).toBe(50)
      expect(bytes.length).toBeGreaterThan(100 * LENGTH)
      // One text more than a part; Arrow's are batches of 4 MiB.
      const most = output.format === 'arrow' ? 5 << 20 : 2 * LENGTH
      expect(Math.max(...parts.map((part) => part.length))).toBeLessThan(most)
    },
  )

  test('is the same in the end', async () => {
    const { text } = await streamed(long, { format: 'json' })
    const { rows } = JSON.parse(text).tables[0]
    expect(rows.map(({ resp_status }: { resp_status: number }) => resp_status).length).toBe(50)
    expect(new Set(rows.map(({ b }: { b: string }) => b))).toEqual(new Set(['y'.repeat(LENGTH)]))
    const columns = JSON.parse((await streamed(long, { format: 'json', shape: 'columns' })).text).tables[0]
    expect(columns.values[1]).toEqual(rows.map(({ a }: { a: string }) => a))
    const lines = (await streamed(long, { format: 'ndjson' })).text.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      rows.map((row: object) => ({ _tableName_: 'rows', ...row })),
    )
    expect(tableFromIPC((await streamed(long, { format: 'arrow' })).bytes).numRows).toBe(50)
  })
})
