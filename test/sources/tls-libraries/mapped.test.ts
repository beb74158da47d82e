import { expect, test } from 'bun:test'
import { codeIn, codeOf, mappedIn, nameOf, processIds } from '../../../src/sources/tls-libraries/mapped'

test('a record of a new mapping', () => {
  expect(mappedIn('12 253 1 77 /usr/lib/with space.so')).toEqual({
    pid: 12,
    key: '253:1:77',
    path: '/usr/lib/with space.so',
  })
  expect(mappedIn('lost')).toBeUndefined()
  expect(mappedIn('')).toBeUndefined()
})

test('code in the text of maps: each file once, with the device in decimal', () => {
  const maps = `7f00-7f01 r--p 00000000 fd:01 77                         /lib/a.so
7f01-7f02 r-xp 00001000 fd:01 77                         /lib/a.so
7f02-7f03 r-xp 00002000 fd:01 77                         /lib/a.so
7f03-7f04 r-xp 00000000 00:1f 9                          /app/b (deleted)
7f04-7f05 r-xp 00000000 00:00 0                          [vdso]
7f05-7f06 rwxp 00000000 00:00 0
nonsense`
  expect(codeIn(5, maps)).toEqual([
    { pid: 5, key: '253:1:77', path: '/lib/a.so' },
    { pid: 5, key: '0:31:9', path: '/app/b (deleted)' },
  ])
})

test('of processes that live and of one that does not', () => {
  expect(codeOf(process.pid)?.length).toBeGreaterThan(0)
  expect(processIds()).toContain(process.pid)
  expect(nameOf(process.pid)).not.toBe('')
  expect(codeOf(2 ** 30)).toEqual([])
  expect(nameOf(2 ** 30)).toBe('')
})
