/** What the process iterator says is what /proc says. */
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { openKernel } from '../../src/kernel'
import type { processStats } from '../../src/records/process-stats'
import type { RecordOf } from '../../src/records/table'
import { readThreads } from '../../src/sources/processes'
import { PROCESS_OBJECT } from '../../src/sources/processes/probe'
import { ProcessStats } from '../../src/sources/processes/process-stats'
import { until } from '../support/scope'

const BUSY = `
import sys, threading, time
memory = bytearray(30 << 20)
def burn():
    while time.process_time() < 0.4: pass
thread = threading.Thread(target=burn)
thread.start()
with open('/dev/null', 'wb', buffering=0) as null:
    null.write(memory)
thread.join()
print('ready', flush=True)
sys.stdin.read()
`

test('processor time, memory, threads and bytes of a process', async () => {
  const kernel = openKernel({ enabled: true })
  const python = Bun.spawn(['python3', '-c', BUSY], { stdin: 'pipe', stdout: 'pipe' })
  try {
    await python.stdout.getReader().read()
    const status = () => readFileSync(`/proc/${python.pid}/status`, 'utf8')
    // Its thread has ended, and it does nothing more.
    await until('it rests', () => /^State:\s*S/m.test(status()) && /^Threads:\s*1$/m.test(status()))
    const rows: RecordOf<typeof processStats>[] = []
    const stats = new ProcessStats({ upidOf: (pid) => String(pid), append: (_, row) => rows.push(row) })
    stats.take(readThreads(kernel.open(PROCESS_OBJECT).object!), 0)
    const row = rows.find(({ upid }) => upid === String(python.pid))!
    const field = (file: string, name: string) =>
      Number(
        new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(readFileSync(`/proc/${python.pid}/${file}`, 'utf8'))![1],
      )
    const stat = readFileSync(`/proc/${python.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    // Ticks of 10 ms; utime and stime are its 14th and 15th field.
    const cpuNs = (Number(stat[11]) + Number(stat[12])) * 1e7
    expect(Math.abs(row.cpu_utime_ns + row.cpu_ktime_ns - cpuNs)).toBeLessThan(5e7)
    expect(cpuNs).toBeGreaterThan(2e8)
    expect(row.vsize_bytes).toBe(field('status', 'VmSize') * 1024)
    // The kernel keeps a part of this count per processor: up to 64 pages each.
    expect(Math.abs(row.rss_bytes - field('status', 'VmRSS') * 1024)).toBeLessThan(4 << 20)
    expect(row.rss_bytes).toBeGreaterThan(30 << 20)
    expect(row.num_threads).toBe(1)
    expect(row.wchar_bytes).toBe(field('io', 'wchar'))
    expect(row.rchar_bytes).toBe(field('io', 'rchar'))
    expect(row.minor_faults).toBe(Number(stat[7]))
  } finally {
    python.kill()
    kernel.close()
  }
})
