/** Code that was run once is let go of, and runs again. */
import { expect, test } from 'bun:test'
import { readFileSync, readlinkSync } from 'node:fs'
import { forgetRunCode, readOnlyOf } from '../../src/kernel/own-code'

const mapping = (line: string, anonymous = 0) =>
  `${line}\nSize: 24804 kB\nRss: 7268 kB\nAnonymous:          ${anonymous} kB\nVmFlags: rd mr mw me\n`
const SMAPS = [
  mapping('00200000-01a39000 r--p 00000000 fe:00 10986872                           /opt/my nixie'),
  mapping('01a40000-0684a000 r-xp 01838000 fe:00 10986872                           /opt/my nixie'),
  mapping('0684a000-06860000 r--p 0664e000 fe:00 10986872                           /opt/my nixie', 88),
  mapping('06867000-06e7d000 rw-p 0665e000 fe:00 10986872                           /opt/my nixie'),
  mapping('7f4502320000-7f4502476000 r-xp 00026000 fe:00 326269                     /usr/lib/libc.so.6'),
  mapping('7f44c1fb5000-7f4501fb5000 rwxp 00000000 00:00 0 '),
].join('')

test('only code and constants of the file itself that are as in the file are meant: other data is ours alone', () => {
  expect(readOnlyOf(SMAPS, '/opt/my nixie')).toEqual([
    { from: 0x200000n, bytes: 0x1a39000n - 0x200000n },
    { from: 0x1a40000n, bytes: 0x684a000n - 0x1a40000n },
  ])
  expect(readOnlyOf(SMAPS, '/opt/my')).toEqual([])
})

const residentCode = (): number => {
  const exe = readlinkSync('/proc/self/exe')
  const mappings = readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
  const code = mappings.filter((text) => / r-xp .*\n/.test(text) && text.split('\n')[0]!.endsWith(exe))
  return code.reduce((sum, text) => sum + Number(/^Rss:\s+(\d+) kB/m.exec(text)![1]), 0)
}

test('less of it is resident, and it goes on to run', () => {
  const before = residentCode()
  forgetRunCode()
  expect(residentCode()).toBeLessThan(before)
  expect(JSON.parse(JSON.stringify({ a: [1, 'ä'] }))).toEqual({ a: [1, 'ä'] })
})
