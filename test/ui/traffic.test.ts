/** The overview's questions, asked of the real engine. */
import { describe, expect, test } from 'bun:test'
import { timelineOf, trafficOf } from '../../ui/traffic'
import { NOW } from '../pxl/support/stored-tables'
import { contextOf, request, SHELL, streaming, WEB } from '../runner/support'

const over = (rows: ReturnType<typeof request>[]) => streaming(contextOf(rows))

const never = new AbortController().signal
const cells = (table: { columns: readonly { name: string }[]; values: readonly (readonly unknown[])[] }) =>
  Object.fromEntries(table.columns.map(({ name }, i) => [name, table.values[i]]))

describe('the last minute', () => {
  const served = (status: number) => request(10, { resp_status: status, latency: 1000, resp_body_size: 600 })

  test('requests, errors, latency and bytes by who answers', async () => {
    const traffic = await trafficOf(over([served(200), served(200), served(404), request(90, {})]), never)
    if ('code' in traffic) throw new Error(traffic.message)
    expect(traffic.requests).toBeCloseTo(3 / 60)
    expect(traffic.errors).toBeCloseTo(1 / 3)
    const services = cells(traffic.services!)
    expect(services).toMatchObject({ service: ['nginx.service'], p50: [1000], p99: [1000] })
    expect(services['body bytes out']![0]).toBeCloseTo(1800 / 60e9)
    expect(Object.keys(services)).not.toContain('asked by')
  })

  test('what is asked of other hosts stands under their address, with who asks', async () => {
    const asked = request(10, { upid: SHELL, trace_role: 1, remote_addr: '192.0.2.7', resp_status: 200 })
    const traffic = await trafficOf(over([served(200), asked]), never)
    if ('code' in traffic) throw new Error(traffic.message)
    const { service, 'asked by': by } = cells(traffic.services!)
    expect(service!.map((name, i) => [name, by![i]]).sort()).toEqual([
      ['192.0.2.7', 'curl'],
      ['nginx.service', ''],
    ])
  })

  test('of an exchange between two processes of this host both are named', async () => {
    const rows = [
      request(10, { remote_addr: '127.0.0.1', remote_upid: SHELL, resp_status: 200 }),
      request(10, { remote_addr: '127.0.0.1', resp_status: 200 }),
      request(10, {
        upid: SHELL,
        trace_role: 1,
        remote_addr: '127.0.0.1',
        remote_upid: WEB,
        resp_status: 200,
      }),
    ]
    const traffic = await trafficOf(over(rows), never)
    if ('code' in traffic) throw new Error(traffic.message)
    const { service, 'asked by': by, requests } = cells(traffic.services!)
    expect(service!.map((name, i) => [name, by![i], Number(requests![i]) * 60e9]).sort()).toEqual([
      ['nginx.service', '', 1],
      ['nginx.service', 'curl', 2],
    ])
  })

  test('nothing seen', async () => {
    expect(await trafficOf(over([]), never)).toMatchObject({ requests: undefined, errors: 0 })
  })
})

describe('the last five minutes', () => {
  const nowMs = Number(NOW / 1_000_000n)

  test('a step without a request is 0 since the start, and unknown before it', async () => {
    const rows = [request(21, { resp_status: 200 }), request(21, { resp_status: 500 })]
    const chart = await timelineOf(over(rows), nowMs, nowMs - 60_000, never)
    const [errors, requests] = chart!.series
    expect(chart!.xs).toHaveLength(60)
    expect(requests!.ys.filter((y) => y === 0.4)).toHaveLength(1)
    expect(errors!.ys[requests!.ys.indexOf(0.4)]).toBe(0.2)
    expect(requests!.ys[0]).toBeNull()
    expect(requests!.ys.at(-1)).toBe(0)
    expect(chart!.xs.at(-1)! * 1000).toBeLessThanOrEqual(nowMs - 5000)
  })

  test('nothing to draw', async () => {
    expect(await timelineOf(over([]), nowMs, 0, never)).toBeUndefined()
  })
})
