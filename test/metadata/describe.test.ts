import { expect, test } from 'bun:test'
import { describe } from '../../src/metadata/describe'

const seen = (comm: string, args: string[]) =>
  describe({
    comm,
    args,
    exe: '/bin/tool',
    owner: { containerId: '', runtime: '', podUid: '', unit: '' },
    parentPid: 1,
  })

test('a name that a process gave itself is redacted as a command line is', () => {
  const { comm, cmdline, name } = seen('token=hunter2', [])
  expect([comm, cmdline, name].join(' ')).not.toContain('hunter2')
  expect(comm).toBe('token=[redacted]')
})

test('a usual name stays', () => {
  expect(seen('kworker/0:1-eve', []).comm).toBe('kworker/0:1-eve')
})
