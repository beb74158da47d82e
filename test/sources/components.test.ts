import { expect, test } from 'bun:test'
import type { ProbeStatus } from '../../src/kernel/kernel'
import { attached, failed } from '../../src/kernel/probe'
import type { stirlingError } from '../../src/records/stirling-error'
import type { RecordOf } from '../../src/records/table'
import { components } from '../../src/sources/components'
import type { SourceContext } from '../../src/sources/source'

const name = (source: string, probe: string) => ({
  source,
  name: probe,
  purpose: `What ${probe} sees`,
  required: false,
})

test('a row for each source at the start, when it changes, and each hour', () => {
  let probes: readonly ProbeStatus[] = [
    attached(name('socket_tracer', 'sys_exit')),
    failed(name('socket_tracer', 'socket_state'), 'load: EINVAL'),
    attached(name('process_stats', 'read_processes')),
  ]
  const rows: RecordOf<typeof stirlingError>[] = []
  const open = components.open({
    probes: () => probes,
    processes: { self: () => '7:1:1' },
    sink: { append: (_: unknown, row: never) => rows.push(row) },
  } as unknown as SourceContext)
  open.tick(0)
  expect(rows.map((row) => [row.source_connector, row.status, row.error])).toEqual([
    ['socket_tracer', 1, 'socket_state: load: EINVAL'],
    ['process_stats', 0, ''],
  ])
  expect(rows[0]!.upid).toBe('7:1:1')
  expect(JSON.parse(rows[0]!.context)).toEqual({
    attached: 1,
    probes: 2,
    missing: ['What socket_state sees'],
  })
  open.tick(1e9)
  expect(rows).toHaveLength(2)
  probes = probes.filter((probe) => probe.attached)
  open.tick(2e9)
  expect(rows.slice(2).map((row) => [row.source_connector, row.status])).toEqual([['socket_tracer', 0]])
  open.tick(3600e9)
  expect(rows.slice(3).map((row) => row.source_connector)).toEqual(['process_stats'])
  // Set back by a day.
  open.tick(-86_400e9)
  expect(rows).toHaveLength(6)
})
