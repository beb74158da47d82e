/** On a node that is itself a container, Nixie sees that node's processes by the ids that /proc there has, and no others. */
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { Program } from './traced'

test('from inside a pid namespace', async () => {
  const inside = Bun.spawn(
    [
      'unshare',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      process.execPath,
      join(import.meta.dir, 'in-namespace.ts'),
    ],
    { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' },
  )
  const outside = new Program("c, d = pair()\nstep()\nc.sendall(b'from outside'); d.recv(99)\nstep()")
  try {
    const reader = inside.stdout.getReader()
    const line = async () => new TextDecoder().decode((await reader.read()).value)
    expect(await line()).toBe('ready\n')
    await outside.ready()
    outside.go()
    await outside.ready()
    inside.stdin.write('go\n')
    inside.stdin.flush()
    const seen = JSON.parse(await line())
    expect(seen.self).toBeLessThan(10)
    expect(seen.pids).toEqual([seen.program])
    expect(seen.payloads).toEqual(['from inside'])
    expect(seen.processes).toContain(seen.program)
    expect(seen.processes).toContain(seen.self)
    expect(seen.processes).not.toContain(outside.pid)
    expect(seen.named[seen.program]).toContain('from inside')
    expect(JSON.stringify(seen.named)).not.toContain('from outside')
    expect(seen.parents).toContain(seen.self)
  } finally {
    outside.kill()
    inside.kill()
    await inside.exited
  }
})
