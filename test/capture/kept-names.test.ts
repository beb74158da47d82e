/** Names that servers told are there after a restart; the file that has them is bounded and may be anything. */
import { describe, expect, test } from 'bun:test'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KeptNames } from '../../src/capture/kept-names'
import { type Ends, MessageNames } from '../../src/protocols/lib/protobuf/names'
import { writeBeside } from '../../src/store/beside'
import { withDirectory } from '../store/support'
import { fieldType, fileOf, messageType, service } from '../support/protobuf'

const STRING = 9
/** A file whose method is /PACKAGE.S/Get, with a message of so many fields more. */
const file = (name: string, field = 'id', more = 0) =>
  fileOf(
    `${name}.proto`,
    name,
    [
      messageType('M', [
        fieldType(field, 1, STRING),
        ...Array.from({ length: more }, (_, i) => fieldType(`field_${i}_${'x'.repeat(200)}`, i + 2, STRING)),
      ]),
    ],
    [],
    [service('S', { Get: [`.${name}.M`, `.${name}.M`] })],
  )
const of = (upid: string): Ends => ({ trace_role: 2, upid, remote_upid: '', remote_addr: '', remote_port: 0 })
const named = (names: MessageNames, upid: string, path = '/shop.S/Get') =>
  names.of(path, of(upid))?.input?.field(1)?.name

/** What a run knows that begins with what is in the directory. */
function begin(dir: string) {
  const names = new MessageNames()
  return { names, kept: new KeptNames(dir, names) }
}
const seconds = (kept: KeptNames, count: number) => {
  for (let i = 0; i < count; i++) kept.second()
}

describe('names that servers told', () => {
  test('are there after a restart, of each server its own', () =>
    withDirectory((dir) => {
      const first = begin(dir)
      first.names.learns(file('shop'), of('1:2:3'))
      first.names.learns(file('shop', 'other'), of('1:2:4'))
      first.kept.write()
      const { names } = begin(dir)
      expect(['1:2:3', '1:2:4', '1:2:5'].map((upid) => named(names, upid))).toEqual([
        'id',
        'other',
        undefined,
      ])
      expect(statSync(join(dir, 'nixie.db-names')).mode & 0o777).toBe(0o600)
      expect(readdirSync(dir)).toEqual(['nixie.db-names'])
    }))

  test('after a kill, too, from half a minute on; and are written rarely', () =>
    withDirectory((dir) => {
      const { names, kept } = begin(dir)
      names.learns(file('shop'), of('1:2:3'))
      seconds(kept, 29)
      expect(readdirSync(dir)).toEqual([])
      seconds(kept, 1)
      expect(named(begin(dir).names, '1:2:3')).toBe('id')
      names.learns(file('shop', 'changed'), of('1:2:3'))
      seconds(kept, 599)
      expect(named(begin(dir).names, '1:2:3')).toBe('id')
      seconds(kept, 1)
      expect(named(begin(dir).names, '1:2:3')).toBe('changed')
    }))

  test('that are no news are not written', () =>
    withDirectory((dir) => {
      const first = begin(dir)
      first.names.learns(file('shop'), of('1:2:3'))
      first.kept.write()
      const { ino } = statSync(join(dir, 'nixie.db-names'))
      const { names, kept } = begin(dir)
      names.learns(file('shop'), of('1:2:3'))
      seconds(kept, 1000)
      expect(statSync(join(dir, 'nixie.db-names')).ino).toBe(ino)
    }))

  test('take a mebibyte at most: the newest stay, and one that tells much crowds out no other', () =>
    withDirectory((dir) => {
      const { names, kept } = begin(dir)
      for (let server = 0; server < 20; server++) names.learns(file('shop', 'id', 400), of(`1:2:${server}`))
      names.learns(file('small'), of('1:2:99'))
      for (let i = 0; i < 17; i++) names.learns(file(`large${i}`, 'id', 400), of('1:2:100'))
      kept.write()
      expect(statSync(join(dir, 'nixie.db-names')).size).toBeLessThan(2 << 20)
      const again = begin(dir).names
      expect(named(again, '1:2:99', '/small.S/Get')).toBe('id')
      expect(named(again, '1:2:100', '/large0.S/Get')).toBeUndefined()
      expect(named(again, '1:2:19')).toBe('id')
      expect(named(again, '1:2:0')).toBeUndefined()
    }))
})

describe('a file that is something else', () => {
  const json = (value: unknown) => Buffer.from(JSON.stringify(value))
  test.each<[string, Uint8Array]>([
    ['no JSON', Buffer.from('{')],
    ['another value', json(7)],
    [
      'lists of others',
      json([1, null, { server: 1 }, { server: 'a', files: [7] }, { server: 'b', files: 'x' }]),
    ],
    ['no descriptors', json([{ server: 'a', files: ['AAAA', '////', ''] }])],
  ])('%s', (_, bytes) =>
    withDirectory((dir) => {
      expect(writeBeside(dir, 'names', bytes)).toBe(true)
      const { names, kept } = begin(dir)
      expect(named(names, 'a')).toBeUndefined()
      names.learns(file('shop'), of('1:2:3'))
      kept.write()
      expect(named(begin(dir).names, '1:2:3')).toBe('id')
    }),
  )

  test('damaged bytes, and far too many of them', () =>
    withDirectory((dir) => {
      for (const bytes of [Buffer.alloc(0), Buffer.from('damaged bytes'), Buffer.alloc(64 << 20)]) {
        writeFileSync(join(dir, 'nixie.db-names'), bytes)
        expect(begin(dir).names.told).toEqual([])
      }
    }))

  test('a directory that refuses it costs nothing but the names', () => {
    const { names, kept } = begin('/nowhere/at/all')
    names.learns(file('shop'), of('1:2:3'))
    kept.write()
    expect(named(names, '1:2:3')).toBe('id')
  })
})
