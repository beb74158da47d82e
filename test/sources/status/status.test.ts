import { expect, test } from 'bun:test'
import { attached, failed } from '../../../src/kernel/probe'
import { probeStatus } from '../../../src/records/probe-status'
import type { SourceContext } from '../../../src/sources/source'
import { status } from '../../../src/sources/status'
import { Recorder } from '../../streams/wire'

test('all probes are told once an hour, and those that are new or have changed at once', () => {
  const sink = new Recorder()
  const name = (text: string) => ({ source: 'tls_tracer', name: text, purpose: 'p', required: false })
  let probes = [attached(name('a')), attached(name('b'))]
  const processes = { self: () => '1:2:3' }
  const open = status.open({ sink, processes, probes: () => probes } as unknown as SourceContext)
  const told = () =>
    sink.rows(probeStatus.name).map(({ tracepoint, status: code }) => `${tracepoint} ${code}`)
  open.tick(0)
  expect(told()).toEqual(['a 0', 'b 0'])
  probes = [attached(name('a')), failed(name('b'), 'gone', ''), failed(name('TLS of java'), 'JSSE', '')]
  for (const second of [1, 2, 3]) open.tick(second * 1e9)
  expect(told().slice(2)).toEqual(['b 1', 'TLS of java 1'])
  open.tick(3601e9)
  expect(told()).toHaveLength(7)
})
