/** Root: tracefs is mounted where it is missing, and only our own mount is taken down. */
import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { mount, unmount } from '../../src/kernel/libc'
import { mountTracefs } from '../../src/kernel/tracefs'

const TARGET = '/sys/kernel/tracing'
const mounted = () => readFileSync('/proc/mounts', 'utf8').includes(` ${TARGET} tracefs `)

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
