/** What processes are called and whose they are, from what the kernel tells; their pids are higher than any that /proc has. */
import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { startTicksOf, startTicksOfPid } from '../../src/metadata/proc'
import { type Process, ProcessTable } from '../../src/metadata/process-table'
import { Processes } from '../../src/metadata/processes'
import type { ProcessInfo } from '../../src/records/entities'
import { until } from '../support/scope'
import { exec, exit, fork, rename } from './events'

const PID = 4_200_000
const SHELL = { pid: PID, comm: 'sh' }
const id = 'ab'.repeat(32)
const CONTAINER = [`/system.slice/docker-${id}.scope`]

/** What the store hears of a process. */
function heard(processes: Processes, pid: number, ticks = 7): ProcessInfo {
  const upid = processes.upidOf(pid, ticks)
  const changes = processes.takeChanges(Date.now())
  return changes.findLast(({ key }) => key === upid)?.value as unknown as ProcessInfo
}

describe('a process that is gone by the time that anyone looks', () => {
  test('has command line, program, container and parent from its exec', () => {
    const processes = new Processes('edge', 1)
    processes.take(
      exec(
        { pid: PID, parent: PID - 1, comm: 'curl' },
        ['curl', '-u', 'bob:hunter2', 'http://a/'],
        '/usr/bin/curl',
        CONTAINER,
      ),
    )
    processes.take(exit({ pid: PID }))
    expect(heard(processes, PID)).toMatchObject({
      comm: 'curl',
      cmdline: 'curl -u bob:[redacted] http://a/',
      exe: '/usr/bin/curl',
      name: 'curl',
      containerId: id,
      runtime: 'docker',
      parent: `1:${PID - 1}:7`,
    })
  })
  test('is what its parent is when it was only forked', () => {
    const processes = new Processes('edge', 1)
    processes.take(exec({ pid: PID, comm: 'python3' }, ['python3', 'api.py'], '/usr/bin/python3', CONTAINER))
    processes.take(fork({ pid: PID + 1, parent: PID, comm: 'python3' }))
    processes.take(fork({ pid: PID + 2, parent: PID + 1, comm: 'python3' }))
    expect(heard(processes, PID + 2)).toMatchObject({
      cmdline: 'python3 api.py',
      name: 'python3 api.py',
      containerId: id,
      parent: `1:${PID + 1}:7`,
    })
  })
  test('has its own cgroup when it was born into one', () => {
    const processes = new Processes('edge', 1)
    processes.take(exec(SHELL, ['sh'], '/bin/sh', ['/system.slice/cron.service']))
    processes.take(fork({ pid: PID + 1, parent: PID }, CONTAINER))
    processes.take(fork({ pid: PID + 2, parent: PID + 1 }))
    expect(heard(processes, PID + 1)).toMatchObject({ containerId: id, unit: '' })
    expect(heard(processes, PID + 2)).toMatchObject({ containerId: id, unit: '' })
    expect(heard(processes, PID)).toMatchObject({ containerId: '', unit: 'cron.service' })
  })
  test('has the container of cgroup v1 where v2 names none', () => {
    const processes = new Processes('edge', 1)
    processes.take(exec({ pid: PID }, ['curl'], '', ['/', `/docker/${id}`]))
    expect(heard(processes, PID)).toMatchObject({ containerId: id, runtime: 'docker' })
  })
})

describe('under one upid', () => {
  test('a process is what it runs since its last exec', () => {
    const processes = new Processes('edge', 1)
    processes.take(exec(SHELL, ['sh', '-c', 'sleep 2; exec node api.js']))
    const before = heard(processes, PID)
    processes.take(exec({ pid: PID, comm: 'node' }, ['node', 'worker.js'], '/usr/bin/node', CONTAINER))
    const after = processes.takeChanges(Date.now() + 10_000)[0]!
    expect(after.key).toBe(before.upid)
    expect(after.value).toMatchObject({ cmdline: 'node worker.js', name: 'node worker.js', containerId: id })
  })
  test('an exec that is told after the first row counts, too', () => {
    const processes = new Processes('edge', 1)
    expect(heard(processes, PID)).toMatchObject({ pid: PID, cmdline: '' })
    processes.take(exec({ pid: PID, comm: 'curl' }, ['curl', 'http://a/']))
    expect(processes.takeChanges(Date.now())[0]!.value).toMatchObject({ cmdline: 'curl http://a/' })
  })
  test('a new command name is told, and what else is known stays', () => {
    const processes = new Processes('edge', 1)
    processes.take(exec({ pid: PID, comm: 'node' }, ['node', 'api.js'], '', CONTAINER))
    heard(processes, PID)
    processes.take(rename({ pid: PID, comm: 'shop-api' }))
    const { value } = processes.takeChanges(Date.now())[0]!
    expect(value).toMatchObject({ comm: 'shop-api', cmdline: 'node api.js', containerId: id })
  })
  test('a thousand changes between two seconds are one for the store', () => {
    const processes = new Processes('edge', 1)
    processes.upidOf(PID, 7)
    for (let i = 0; i < 1000; i++) processes.take(rename({ pid: PID, comm: `name-${i}` }))
    expect(processes.takeChanges(Date.now())).toHaveLength(1)
  })
})

test('a pid that is used again is another process, with nothing of the first', () => {
  const processes = new Processes('edge', 1)
  processes.take(exec({ pid: PID, ticks: 7 }, ['first'], '', CONTAINER))
  processes.take(exec({ pid: PID, ticks: 9 }, ['second']))
  expect(heard(processes, PID, 9)).toMatchObject({ cmdline: 'second', containerId: '' })
})

test('a child that has ended, and waits for its parent to ask, is what its parent is: /proc shows it without arguments', async () => {
  // The sleep has the child of the shell that it replaced, and never asks.
  const parent = Bun.spawn(['sh', '-c', 'sleep 0.1 & echo $!; exec sleep 100'], { stdout: 'pipe' })
  try {
    const { value } = await parent.stdout.getReader().read()
    const pid = Number(Buffer.from(value!).toString())
    const stat = () => readFileSync(`/proc/${pid}/stat`, 'utf8')
    const isSleep = () => readFileSync(`/proc/${parent.pid}/cmdline`, 'utf8').startsWith('sleep')
    await until('the child has ended', () => / Z /.test(stat()) && isSleep())
    const life = { pid, ticks: startTicksOf(stat()), parent: parent.pid, comm: 'sleep' }
    const processes = new Processes('edge', 1)
    processes.take({ ...fork(life), parentStartTicks: startTicksOfPid(parent.pid) })
    expect(heard(processes, pid, life.ticks)).toMatchObject({ cmdline: 'sleep 100', comm: 'sleep' })
  } finally {
    parent.kill()
  }
})

test('a child of a process that is not known is told by its own command name', () => {
  const processes = new Processes('edge', 1)
  processes.take(fork({ pid: PID, parent: PID - 1, comm: 'child' }))
  expect(heard(processes, PID)).toMatchObject({ comm: 'child', cmdline: 'child', name: 'child' })
})

describe('programs of one name', () => {
  const start = () => {
    const processes = new Processes('edge', 1)
    for (const pid of [PID, PID + 10]) {
      processes.take(exec({ pid, comm: 'nginx' }, ['nginx']))
      processes.take(fork({ pid: pid + 1, parent: pid, comm: 'nginx' }))
      for (const one of [pid, pid + 1]) processes.upidOf(one, 7)
    }
    processes.takeChanges(Date.now())
    return processes
  }
  const names = (processes: Processes) =>
    processes.takeChanges(Date.now()).map(({ value }) => `${Number(value.pid) - PID} ${value.name}`)
  const listening = (pid: number, port: number) => ({ pid, startTicks: 7, port })

  test('are told apart by their lowest port, their workers with them', () => {
    const processes = start()
    processes.tellApart(
      () => [listening(PID, 8080), listening(PID, 80), listening(PID + 11, 9090)],
      Date.now(),
    )
    expect(names(processes)).toEqual(['0 nginx :80', '1 nginx :80', '10 nginx :9090', '11 nginx :9090'])
  })
  test('are one when they listen on one port, or nowhere', () => {
    const processes = start()
    processes.tellApart(() => [listening(PID, 80), listening(PID + 10, 80)], Date.now())
    expect(names(processes)).toEqual([])
  })
  test('keep their ports when the other one is gone', () => {
    const processes = start()
    const nowMs = Date.now()
    processes.tellApart(() => [listening(PID, 80), listening(PID + 10, 81)], nowMs)
    names(processes)
    processes.take(exit({ pid: PID + 10 }))
    processes.take(rename({ pid: PID, comm: 'nginx' }))
    processes.tellApart(() => [listening(PID, 80)], nowMs + 60_000)
    expect(names(processes)).toEqual(['0 nginx :80'])
  })
  test('that are workers of one master need no look', () => {
    const processes = new Processes('edge', 1)
    processes.take(exec({ pid: PID, comm: 'nginx' }, ['nginx']))
    for (let pid = PID + 1; pid < PID + 5; pid++) processes.take(fork({ pid, parent: PID, comm: 'nginx' }))
    for (let pid = PID; pid < PID + 5; pid++) processes.upidOf(pid, 7)
    processes.tellApart(() => {
      throw new Error('nobody was to be asked')
    }, Date.now())
  })
  test('that containers or units name need none', () => {
    const processes = new Processes('edge', 1)
    processes.take(exec({ pid: PID }, ['nginx'], '', CONTAINER))
    processes.take(exec({ pid: PID + 1 }, ['nginx'], '', ['/system.slice/nginx.service']))
    for (const pid of [PID, PID + 1]) processes.upidOf(pid, 7)
    processes.tellApart(() => {
      throw new Error('nobody was to be asked')
    }, Date.now())
  })
})

describe('the table is bounded', () => {
  const table = () =>
    new ProcessTable<Process>(
      (process) => process,
      () => false,
    )

  test('in bytes, and those that ended leave first', () => {
    const all = table()
    const nowMs = Date.now()
    const args = ['x'.repeat(1000)]
    for (let i = 0; i < 30_000; i++) {
      all.take(exec({ pid: PID + i }, args), nowMs)
      if (i < 20_000 && i % 2 === 0) all.take(exit({ pid: PID + i }), nowMs)
    }
    expect(all.bytes).toBeLessThanOrEqual(32 << 20)
    expect(all.size).toBeGreaterThan(16_000)
    expect(all.find(PID + 29_999, 7)).toBeDefined()
    expect(all.find(PID, 7)).toBeUndefined()
    expect(all.find(PID + 1, 7)).toBeDefined()
  })
  test('in time: the ended ones are forgotten, and those that nobody asked for', () => {
    const all = table()
    all.take(exec({ pid: PID }, ['a']), 1000)
    all.take(exit({ pid: PID }), 2000)
    all.take(exec({ pid: PID + 1 }, ['b']), 50_000)
    all.sweep(61_000)
    expect(all.size).toBe(2)
    all.sweep(62_000)
    expect([...all.values()].map(({ pid }) => pid)).toEqual([PID + 1])
    all.sweep(200_000)
    expect([all.size, all.bytes]).toEqual([0, 0])
  })
})
