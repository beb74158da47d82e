import { expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { networkStats } from '../../../src/records/network-stats'
import type { RecordOf } from '../../../src/records/table'
import { NetworkStats, readNetDev } from '../../../src/sources/networks/network-stats'

const HEAD = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
`
const netDev = (eth0: number) => `${HEAD}    lo:  999  9 9 9 0 0 0 0  999 9 9 9 0 0 0 0
  eth0:${eth0} 20 1 2 0 0 0 0 300 30 3 4 0 0 0 0
  eth1: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0
`

test('sums all interfaces but loopback', () => {
  expect(readNetDev(netDev(100))).toEqual({
    rx_bytes: 101,
    rx_packets: 21,
    rx_errors: 1,
    rx_drops: 2,
    tx_bytes: 301,
    tx_packets: 31,
    tx_errors: 3,
    tx_drops: 4,
  })
})

test('hostile or cut text counts as nothing', () => {
  for (const text of ['', HEAD, `${HEAD}eth0`, `${HEAD}eth0: a b c`])
    expect(Object.values(readNetDev(text)).every((value) => value === 0)).toBe(true)
})

test('a pod with the machine’s network has no row, one that has ended neither, the machine only by name', () => {
  const procRoot = mkdtempSync(join(tmpdir(), 'nixie-proc-'))
  try {
    const process = (pid: number, namespace: string, bytes: number) => {
      mkdirSync(join(procRoot, `${pid}/net`), { recursive: true })
      mkdirSync(join(procRoot, `${pid}/ns`))
      symlinkSync(namespace, join(procRoot, `${pid}/ns/net`))
      writeFileSync(join(procRoot, `${pid}/net/dev`), netDev(bytes))
    }
    process(1, 'net:[1]', 7)
    process(10, 'net:[2]', 100)
    process(11, 'net:[1]', 200)
    const rows: RecordOf<typeof networkStats>[] = []
    const stats = new NetworkStats({ append: (_, row) => rows.push(row), procRoot })
    const pods = new Map([
      ['pod-own', 10],
      ['pod-host', 11],
      ['pod-gone', 12],
    ])
    stats.take(pods, undefined, 5)
    expect(rows.map((row) => [row.pod_id, row.rx_bytes, row.time_])).toEqual([['pod-own', 101, 5]])
    rows.length = 0
    stats.take(new Map([['pod-own', 10]]), 'edge-1', 6)
    expect(rows.map((row) => [row.pod_id, row.rx_bytes])).toEqual([
      ['pod-own', 101],
      ['edge-1', 8],
    ])
  } finally {
    rmSync(procRoot, { recursive: true })
  }
})
