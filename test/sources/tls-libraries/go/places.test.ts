/** Functions in programs of the Go that is installed, and in tables that are made to mislead. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ElfFile } from '../../../../src/sources/tls-libraries/elf'
import { Pclntab } from '../../../../src/sources/tls-libraries/go/pclntab'
import { goPlaces } from '../../../../src/sources/tls-libraries/go/places'
import { cpuMs } from '../../../support/cpu-time'

/** A copy of crypto/tls, as far as its methods go. */
const COPY = `package tls
type Conn struct { sum int; tail []byte }
//go:noinline
func (c *Conn) more(b []byte) []byte { c.sum += len(b); return append(c.tail, b...) }
func (c *Conn) Read(b []byte) (int, error) {
	if len(b) == 0 { return 0, nil }
	if c.sum > 5 { c.tail = c.more(b); return len(c.tail), nil }
	return copy(b, c.more(b)), nil
}
func (c *Conn) Write(b []byte) (int, error) {
	defer func() { c.sum++ }()
	if c.sum == 3 { return 1, nil }
	c.tail = c.more(b)
	return len(b), nil
}
func (c *Conn) clientHandshake(b []byte) error { c.tail = c.more(c.more(b)); return nil }
func (c *Conn) Start(b []byte) error { return c.clientHandshake(b) }
`
/** One whose Read unlocks as it returns, as that of crypto/tls does. */
const LOCKED = `package locked
import "sync"
type Conn struct { in sync.Mutex; sum int; tail []byte }
//go:noinline
func (c *Conn) more(b []byte) (int, error) { c.sum += len(b); c.tail = append(c.tail, b...); return c.sum, nil }
func (c *Conn) Read(b []byte) (int, error) {
	if len(b) == 0 { return 0, nil }
	c.in.Lock()
	defer c.in.Unlock()
	if n, err := c.more(b); err != nil || n > 99 { return n, err }
	return copy(b, c.tail), nil
}
func (c *Conn) Write(b []byte) (int, error) { return c.more(b) }
//go:noinline
func (c *Conn) serverHandshake(b []byte) error { _, err := c.more(b); return err }
func (c *Conn) Start(b []byte) error { return c.serverHandshake(b) }
`
const PROGRAM = `package main
import ("os"; "copy/locked"; "copy/tls")
type conn interface { Read([]byte) (int, error); Write([]byte) (int, error); Start([]byte) error }
func main() {
	b := []byte(os.Args[0])
	for _, c := range []conn{&tls.Conn{}, &locked.Conn{}} {
		c.Start(b); n, _ := c.Write(b); m, _ := c.Read(b)
		println(n, m)
	}
}
`
const BUILDS: Readonly<Record<string, readonly string[]>> = {
  plain: [],
  stripped: ['-ldflags', '-s -w'],
  pie: ['-buildmode=pie', '-ldflags', '-s -w'],
}

const scratch = mkdtempSync(join(tmpdir(), 'nixie-go-'))
afterAll(() => rmSync(scratch, { recursive: true }))

function ended<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

function placesIn(path: string) {
  const elf = ElfFile.open(path)
  if (!elf) return undefined
  try {
    return ended(goPlaces(elf))
  } finally {
    elf.close()
  }
}

/** As the toolchain's disassembler says: offsets of the method's returns from its entry. */
function returnsOf(path: string, method: string): number[] {
  const text = execFileSync('go', [
    'tool',
    'objdump',
    '-s',
    `copy/tls\\.\\(\\*Conn\\)\\.${method}$`,
    path,
  ]).toString()
  const lines = [...text.matchAll(/^ +\S+\t+0x([0-9a-f]+)\t+[0-9a-f]+\t+(\S+)/gm)]
  const first = Number.parseInt(lines[0]![1]!, 16)
  return lines.filter(([, , name]) => name === 'RET').map(([, at]) => Number.parseInt(at!, 16) - first)
}

describe.skipIf(!Bun.which('go'))('programs of Go', () => {
  const program = (build: string) => join(scratch, build)
  beforeAll(() => {
    for (const name of ['tls', 'locked']) mkdirSync(join(scratch, name))
    writeFileSync(join(scratch, 'locked/locked.go'), LOCKED)
    writeFileSync(join(scratch, 'go.mod'), 'module copy\n\ngo 1.20\n')
    writeFileSync(join(scratch, 'main.go'), PROGRAM)
    writeFileSync(join(scratch, 'tls/tls.go'), COPY)
    const env = {
      ...process.env,
      GOFLAGS: '',
      GOTOOLCHAIN: 'local',
      CGO_ENABLED: '0',
      HOME: process.env.HOME ?? scratch,
    }
    for (const [build, flags] of Object.entries(BUILDS))
      execFileSync('go', ['build', '-o', program(build), ...flags, '.'], { cwd: scratch, env })
  }, 120_000)

  test.each(Object.keys(BUILDS))(
    '%s: the entries, and each return of what is read and of the handshake',
    (build) => {
      const places = placesIn(program(build))
      if (!Array.isArray(places)) throw new Error(String(places))
      const entered = places.filter(({ program }) => program === 'tls_go_enter')
      const of = (name: string, methods: string[]) =>
        methods.map((method) => `copy/${name}.(*Conn).${method}`)
      expect(entered.map((place) => place.function).sort()).toEqual([
        ...of('locked', ['Read', 'Write', 'serverHandshake']),
        ...of('tls', ['Read', 'Write', 'clientHandshake']),
      ])
      const left = places.filter(({ program }) => program === 'tls_go_leave')
      expect(new Set(left.map((place) => place.function))).toEqual(
        new Set([
          ...(process.arch === 'x64' ? [] : of('locked', ['Read'])),
          ...of('locked', ['serverHandshake']),
          ...of('tls', ['Read', 'clientHandshake']),
        ]),
      )
      if (process.arch === 'x64') {
        const code = readFileSync(program(build))
        for (const { offset } of left) expect(code[offset]).toBe(0xc3)
        // jbe
        for (const { offset } of entered) expect([0x76, 0x0f]).toContain(code[offset]!)
      }
    },
  )

  test('the returns are those that the disassembler finds', () => {
    const places = placesIn(program('plain'))
    if (!Array.isArray(places)) throw new Error(String(places))
    for (const method of ['Read', 'clientHandshake']) {
      const of = places.filter((place) => place.function === `copy/tls.(*Conn).${method}`)
      const returns = of.filter(({ program }) => program === 'tls_go_leave').map(({ offset }) => offset)
      const expected = returnsOf(program('plain'), method)
      expect(expected.length).toBeGreaterThan(0)
      expect(returns.map((offset) => offset - returns[0]!)).toEqual(expected.map((at) => at - expected[0]!))
    }
  })

  test.skipIf(process.arch !== 'x64')(
    'a Read that unlocks as it returns is left where it does that, and its result is in its frame',
    () => {
      const places = placesIn(program('plain'))
      if (!Array.isArray(places)) throw new Error(String(places))
      const [done, ...more] = places.filter(({ program }) => program === 'tls_go_done')
      expect(more).toEqual([])
      const text = execFileSync('go', ['tool', 'objdump', '-s', 'locked.*Read', program('plain')]).toString()
      const [read, deferred] = text.split(/^TEXT .*Read\.deferwrap1/m) as [string, string]
      // The frame is what is taken off the stack, the caller's frame pointer, and the return address of the deferred call.
      const taken = Number(/ADDQ \$0x([0-9a-f]+), SP/.exec(read)![1]!.replace(/^/, '0x'))
      expect(done!.frame).toBe(taken + 8 + 8)
      const slot = Number(
        /MOVQ 0x([0-9a-f]+)\(SP\), AX\s+\n.*MOVQ.*\n.*MOVQ.*\n.*ADDQ/.exec(read)![1]!.replace(/^/, '0x'),
      )
      expect(done!.slot).toBe(slot + 8)
      const jump = Number(/(0x[0-9a-f]+)\s+[0-9a-f]+\s+JBE/.exec(deferred)![1])
      const elf = ElfFile.open(program('plain'))!
      expect(done!.offset).toBe(elf.offsetOf(jump)!)
      elf.close()
    },
  )

  test('stripping changes nothing', () => {
    expect(placesIn(program('stripped'))).toEqual(placesIn(program('plain')))
  })

  test('a program that is cut anywhere, or has wrong bytes in its table, gives an answer, soon', () => {
    const whole = readFileSync(program('stripped'))
    const elf = ElfFile.open(program('stripped'))!
    const { offset, bytes } = ended(Pclntab.find(elf))!
    elf.close()
    let random = 4711
    const next = (below: number) => {
      random = (Math.imul(random, 1103515245) + 12345) >>> 0
      return Math.floor((random / 2 ** 32) * below)
    }
    const path = join(scratch, 'wrong')
    const spent = cpuMs(() => {
      for (let round = 0; round < 60; round++) {
        const wrong = Buffer.from(round % 4 === 0 ? whole.subarray(0, next(whole.length)) : whole)
        for (let i = 0; i < 200; i++) {
          const at = round % 2 === 1 && i < 4 ? offset + next(72) : offset + next(bytes)
          if (at < wrong.length) wrong[at] = next(256)
        }
        writeFileSync(path, wrong)
        placesIn(path)
      }
    })
    expect(spent).toBeLessThan(15_000)
  }, 60_000)
})

/** Where the names of Read, Write and the handshake begin among the names. */
const NUMBERS = [1, 20, 40] as const
/** Each function has a record of its own, behind the index. */
const RECORD = 44

/**
 * A program with a table of functions, and nothing else. The table is changed before it is written.
 *
 * @param functions the numbers of their names, in the order of their addresses, 16 bytes apart
 * @param other data before it, in the section that it then shares
 */
function withTable(
  change: (table: Buffer) => void,
  tail = Buffer.alloc(0),
  functions: readonly number[] = NUMBERS,
  other = Buffer.alloc(0),
): string {
  const names = Buffer.from('\0a/tls.(*Conn).Read\0a/tls.(*Conn).Write\0a/tls.(*Conn).serverHandshake\0')
  const [header, pcs] = [72, Buffer.from([0x02, 5, 0x10, 3, 0x0f, 1, 0])]
  const records = functions.length * 8 + 8
  const table = Buffer.alloc(1024 + records + functions.length * RECORD)
  table.writeUInt32LE(0xfffffff1, 0)
  table[6] = 1
  table[7] = 8
  const at = { names: header, units: header + names.length, pcs: 256, functions: 300 }
  for (const [i, value] of [
    functions.length,
    0,
    0,
    at.names,
    at.units,
    at.units,
    at.pcs,
    at.functions,
  ].entries())
    table.writeBigUInt64LE(BigInt(value), 8 + i * 8)
  names.copy(table, at.names)
  pcs.copy(table, at.pcs)
  for (const [i, name] of functions.entries()) {
    const record = records + i * RECORD
    table.writeUInt32LE(i * 16, at.functions + i * 8)
    table.writeUInt32LE(record, at.functions + i * 8 + 4)
    table.writeUInt32LE(i * 16, at.functions + record)
    table.writeUInt32LE(name, at.functions + record + 4)
  }
  change(table)
  const sections = Buffer.from('\0.text\0.gopclntab\0.data.rel.ro\0.go.buildinfo\0')
  const headers = Buffer.alloc(4 * 64)
  const bytes = other.length + table.length + tail.length
  const [code, tableAt, namesAt] = [4096, 8192, 8192 + bytes]
  const section = (i: number, name: number, from: number, bytes: number) => {
    headers.writeUInt32LE(name, i * 64)
    headers.writeUInt32LE(1, i * 64 + 4)
    headers.writeBigUInt64LE(BigInt(from), i * 64 + 16)
    headers.writeBigUInt64LE(BigInt(from), i * 64 + 24)
    headers.writeBigUInt64LE(BigInt(bytes), i * 64 + 32)
  }
  section(1, 1, code, 4096)
  section(2, other.length > 0 ? 18 : 7, tableAt, bytes)
  section(3, 31, namesAt, sections.length)
  const elf = Buffer.alloc(code)
  elf.write('\x7fELF\x02\x01', 'latin1')
  elf.writeUInt16LE(process.arch === 'arm64' ? 183 : 62, 18)
  elf.writeBigUInt64LE(64n, 32)
  elf.writeBigUInt64LE(BigInt(namesAt + sections.length), 40)
  elf.writeUInt16LE(56, 54)
  elf.writeUInt16LE(1, 56)
  elf.writeUInt16LE(64, 58)
  elf.writeUInt16LE(4, 60)
  elf.writeUInt16LE(3, 62)
  // One segment of code: the whole file at its own addresses.
  elf.writeUInt32LE(1, 64)
  elf.writeUInt32LE(5, 68)
  elf.writeBigUInt64LE(BigInt(namesAt), 64 + 32)
  const text = Buffer.alloc(4096, 0x90)
  // A function at each multiple of 16, which returns at its ninth byte.
  for (let i = 0; i < 256; i++) if (process.arch === 'x64') text[i * 16 + 8] = 0xc3
  const path = join(scratch, 'made')
  writeFileSync(path, Buffer.concat([elf, text, other, table, tail, sections, headers]))
  return path
}

describe('tables that are made', () => {
  test.skipIf(process.arch !== 'x64')('a sound one has its places', () => {
    const places = placesIn(withTable(() => {}))
    expect(places).toEqual([
      expect.objectContaining({ program: 'tls_go_leave', offset: 4096 + 8 }),
      expect.objectContaining({ program: 'tls_go_enter', function: 'a/tls.(*Conn).Read', offset: 4096 }),
      expect.objectContaining({
        program: 'tls_go_enter',
        function: 'a/tls.(*Conn).Write',
        offset: 4096 + 16,
      }),
      expect.objectContaining({ program: 'tls_go_leave', offset: 4096 + 32 + 8 }),
      expect.objectContaining({ program: 'tls_go_enter', offset: 4096 + 32 }),
    ])
  })

  test.skipIf(process.arch !== 'x64')(
    'one whose names are in another order is searched from end to end',
    () => {
      const functions: number[] = Array.from({ length: 200 }, (_, i) => (i % 50 === 7 ? 999_999 : 0))
      for (const [i, number] of NUMBERS.entries()) functions[[150, 3, 70][i]!] = number
      const places = placesIn(withTable(() => {}, undefined, functions))
      if (!Array.isArray(places)) throw new Error(String(places))
      expect(
        places.filter(({ program }) => program === 'tls_go_enter').map(({ offset }) => (offset - 4096) / 16),
      ).toEqual([150, 3, 70])
    },
  )

  test.skipIf(process.arch !== 'x64').each([8, 1024, (1 << 20) - 4, 3 << 20])(
    'one that lies among other data, behind %i bytes, is found there',
    (before) => {
      const other = Buffer.alloc(before, 0xf1)
      expect(placesIn(withTable(() => {}, undefined, undefined, other))).toHaveLength(5)
    },
  )

  test('one of another version says so', () => {
    expect(placesIn(withTable((table) => table.writeUInt32LE(0xfffffffb, 0)))).toContain('Go')
    expect(placesIn(withTable((table) => table.writeUInt32LE(0xfffffff2, 0)))).toContain('Go')
  })

  test.each<[string, (table: Buffer) => void]>([
    ['more functions than it has room for', (table) => table.writeBigUInt64LE(1_000_000n, 8)],
    ['far more functions than a program has', (table) => table.writeBigUInt64LE(2n ** 40n, 8)],
    ['places beyond its end', (table) => table.writeBigUInt64LE(2n ** 40n, 64)],
    ['places in the wrong order', (table) => table.writeBigUInt64LE(2n ** 62n, 32)],
    ['records that lie far apart', (table) => table.writeUInt32LE(0xffffffff, 300 + 12)],
    ['names of no function', (table) => table.writeUInt32LE(999, 300 + 32 + 4)],
    ['depths without an end', (table) => table.fill(0x81, 256, 300)],
    ['depths of no length', (table) => table.fill(0x02, 257, 258).fill(0, 258, 259)],
  ])('%s: an answer, soon', (_, change) => {
    let places: unknown
    expect(
      cpuMs(() => {
        places = placesIn(withTable(change))
      }),
    ).toBeLessThan(500)
    expect(typeof places === 'string' || (Array.isArray(places) && places.length <= 5)).toBe(true)
  })

  test('200,000 names of methods cost little', () => {
    const many = Buffer.from('x.(*Conn).Read\0'.repeat(200_000))
    const path = withTable((table) => {
      const end = table.length
      table.writeBigUInt64LE(BigInt(end), 32)
      table.writeBigUInt64LE(BigInt(end + many.length), 40)
      for (const at of [48, 56, 64]) table.writeBigUInt64LE(BigInt(end + many.length), at)
    }, many)
    expect(cpuMs(() => placesIn(path))).toBeLessThan(1000)
  })
})
