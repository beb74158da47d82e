/**
 * Stack of the built programs: a program and all functions that it calls have 512 bytes together (Linux before 6.13, which refuses what
 * newer ones accept). The objects are read as the compiler left them.
 */
import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const OBJECTS = join(import.meta.dir, '../../dist/bpf')
const MOST = 512
/** What a frame is rounded up to where programs are compiled to machine code. */
const UNIT = 16

const CODE = 4
const SYMBOLS = 2
const RELOCATIONS = 9
const FUNCTION = 2
const SECTION = 3

const CALL = 0x85
const LOAD_64 = 0x18
const MOVE = 0xbf
const ADD = 0x07
const FRAME = 10
/** The source of a call of a function of ours. */
const OURS = 1

interface Header {
  readonly type: number
  readonly flags: number
  readonly at: number
  readonly size: number
  readonly info: number
}

interface Place {
  readonly section: number
  readonly at: number
}

interface Func extends Place {
  readonly end: number
}

interface Frame {
  depth: number
  readonly calls: Place[]
}

class Elf {
  readonly #view: DataView
  readonly #headers: Header[]
  readonly #symbols: (Func & { readonly type: number })[]

  constructor(path: string) {
    const bytes = readFileSync(path)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#view = view
    const word = (at: number) => Number(view.getBigUint64(at, true))
    this.#headers = Array.from({ length: view.getUint16(60, true) }, (_, i) => {
      const at = word(40) + i * view.getUint16(58, true)
      const [type, info] = [view.getUint32(at + 4, true), view.getUint32(at + 44, true)]
      return { type, flags: word(at + 8), at: word(at + 24), size: word(at + 32), info }
    })
    const table = this.#headers.find(({ type }) => type === SYMBOLS)!
    this.#symbols = Array.from({ length: table.size / 24 }, (_, i) => {
      const at = table.at + i * 24
      const value = word(at + 8)
      const [type, section] = [view.getUint8(at + 4) & 15, view.getUint16(at + 6, true)]
      return { type, section, at: value, end: value + word(at + 16) }
    })
  }

  get functions(): Func[] {
    return this.#symbols.filter(
      ({ type, section }) => type === FUNCTION && ((this.#headers[section]?.flags ?? 0) & CODE) !== 0,
    )
  }

  /** The symbols that a section's instructions refer to, by offset. */
  #referred(section: number): Map<number, Func & { type: number }> {
    const found = new Map<number, Func & { type: number }>()
    for (const header of this.#headers)
      if (header.type === RELOCATIONS && header.info === section)
        for (let at = header.at; at < header.at + header.size; at += 16)
          found.set(
            Number(this.#view.getBigUint64(at, true)),
            this.#symbols[this.#view.getUint32(at + 12, true)]!,
          )
    return found
  }

  frame({ section, at: begin, end }: Func): Frame {
    const view = this.#view
    const base = this.#headers[section]!.at
    const referred = this.#referred(section)
    const frame: Frame = { depth: 0, calls: [] }
    /** Registers that hold the frame's address. */
    const pointers = new Set([FRAME])
    const reaches = (offset: number) => {
      frame.depth = Math.max(frame.depth, -offset)
    }
    for (let at = begin; at < end; at += 8) {
      const code = view.getUint8(base + at)
      const [to, from] = [view.getUint8(base + at + 1) & 15, view.getUint8(base + at + 1) >> 4]
      const [offset, value] = [view.getInt16(base + at + 2, true), view.getInt32(base + at + 4, true)]
      const symbol = referred.get(at)
      const kind = code & 7
      if ((kind === 1 && from === FRAME) || ((kind === 2 || kind === 3) && to === FRAME)) reaches(offset)
      else if (code === MOVE && from === FRAME) pointers.add(to)
      else if (code === ADD && pointers.delete(to)) reaches(value)
      else if (kind === 7 && to !== FRAME) pointers.delete(to)
      if (code === CALL && from === OURS) {
        const ahead = (value + 1) * 8
        if (!symbol) frame.calls.push({ section, at: at + ahead })
        // The kernel's own functions are in no section.
        else if (symbol.section !== 0) frame.calls.push({ section: symbol.section, at: symbol.at + ahead })
      }
      if (code === LOAD_64) {
        // A function that a helper calls.
        const isFunction = symbol && ((this.#headers[symbol.section]?.flags ?? 0) & CODE) !== 0
        if (isFunction)
          frame.calls.push({ section: symbol.section, at: symbol.at + (symbol.type === SECTION ? value : 0) })
        at += 8
      }
    }
    return frame
  }
}

function deepest(elf: Elf): number {
  const keyOf = ({ section, at }: Place) => `${section}:${at}`
  const frames = new Map(elf.functions.map((each) => [keyOf(each), elf.frame(each)]))
  const depthOf = (key: string): number => {
    const frame = frames.get(key)
    if (!frame) throw new Error(`there is no function at ${key}`)
    const own = Math.ceil(Math.max(1, frame.depth) / UNIT) * UNIT
    return own + Math.max(0, ...frame.calls.map((place) => depthOf(keyOf(place))))
  }
  return Math.max(...[...frames.keys()].map(depthOf))
}

for (const object of readdirSync(OBJECTS).filter((name) => name.endsWith('.o'))) {
  test(`stack: ${object}`, () => {
    const depth = deepest(new Elf(join(OBJECTS, object)))
    expect(depth).toBeGreaterThan(UNIT)
    expect(depth).toBeLessThanOrEqual(MOST)
  })
}
