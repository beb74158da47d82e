/** What lacks without tracefs. As root it is mounted where it is missing, and only our own mount is taken down. */
import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { mount, unmount } from '../../src/kernel/libc'
import { mountTracefs, purposeOn } from '../../src/kernel/tracefs'

const TARGET = '/sys/kernel/tracing'
const mounted = () => readFileSync('/proc/mounts', 'utf8').includes(` ${TARGET} tracefs `)

test('what lacks without it depends on the kernel', () => {
  expect(purposeOn('6.12.117')).toContain('the probes do without it')
  expect(purposeOn('7.2.12')).toContain('counted as lost')
})

describe.if(process.getuid!() === 0)('tracefs', () => {
  test('is mounted when missing and gone after release; one that was there stays', () => {
    const before = mounted()
    try {
      if (before) unmount(TARGET)
      const ours = mountTracefs()
      expect(ours.status).toMatchObject({ name: 'tracefs', attached: true, error: '' })
      expect(mounted()).toBe(true)
      mountTracefs().release()
      expect(mounted()).toBe(true)
      ours.release()
      expect(mounted()).toBe(false)
    } finally {
      if (before && !mounted()) mount('tracefs', TARGET)
    }
  })
})
