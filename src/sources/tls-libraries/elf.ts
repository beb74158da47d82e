/**
 * Looks up functions in ELF files (System V ABI, gABI 4.1; 64-bit, little-endian). The files are those of strangers: a lookup reads only the
 * few places that it needs, each read has a bound, and what doesn't fit is an answer, not an error.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const PT_LOAD = 1
const PT_DYNAMIC = 2
const SHT_SYMTAB = 2
const DT = { null: 0, strtab: 5, symtab: 6, strsz: 10, gnuHash: 0x6ffffef5 } as const
const STT_FUNC = 2
const STT_GNU_IFUNC = 10

const MAX_PROGRAM_HEADERS = 64
const MAX_DYNAMIC = 1024
const MAX_SECTIONS = 2048
/** Symbols of a hash table's chain that are compared. */
const MAX_CHAIN = 4096
const SYMBOL_BYTES = 24
/** The largest tables without a hash that are searched. */
export const MAX_SYMBOL_TABLE = 96 << 20
export const MAX_STRING_TABLE = 192 << 20
const CHUNK = 1 << 20
/** Of a name that is compared with a pattern; and how many are. */
const MAX_NAME = 1024
const MAX_MATCHED = 65_536
const EM_X86_64 = 62
const EM_AARCH64 = 183

export interface ElfFunction {
  readonly name: string
  /** In the file. */
  readonly offset: number
  /** Bytes; 0 when the file doesn't say. */
  readonly size: number
}

interface Segment {
  readonly offset: number
  readonly address: number
  readonly bytes: number
  readonly isCode: boolean
}

export interface Section {
  readonly name: string
  readonly type: number
  readonly address: number
  readonly offset: number
  readonly bytes: number
  readonly link: number
}

/** A hash of the GNU hash table (djb2, modulo 2^32). */
function gnuHash(name: string): number {
  let hash = 5381
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 33) + name.charCodeAt(i)) >>> 0
  return hash
}

const u64 = (view: DataView, at: number) => Number(view.getBigUint64(at, true))

export class ElfFile {
  readonly #fd: number
  #isOpen = true
  readonly size: number
  readonly #segments: Segment[] = []
  readonly #header: DataView
  #dynamic: Segment | undefined
  #tables: ReadonlyMap<number, number> | undefined

  private constructor(fd: number, size: number, header: DataView) {
    this.#fd = fd
    this.size = size
    this.#header = header
    this.#readSegments()
  }

  /** Undefined for a file that is no program or library of this machine's kind. @throws Error when it can't be opened */
  static open(path: string): ElfFile | undefined {
    const fd = openSync(path, 'r')
    try {
      const stat = fstatSync(fd)
      const header = new Uint8Array(64)
      const isRead = stat.isFile() && readSync(fd, header, 0, 64, 0) === 64
      const view = new DataView(header.buffer)
      const machine = process.arch === 'arm64' ? EM_AARCH64 : EM_X86_64
      // Magic, 64 bits, little-endian.
      const isElf = view.getUint32(0) === 0x7f454c46 && header[4] === 2 && header[5] === 1
      if (isRead && isElf && view.getUint16(18, true) === machine) return new ElfFile(fd, stat.size, view)
    } catch (cause) {
      closeSync(fd)
      throw cause
    }
    closeSync(fd)
    return undefined
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#fd)
    this.#isOpen = false
  }

  /** Gives its descriptor to the caller, who has to close it. */
  release(): number {
    this.#isOpen = false
    return this.#fd
  }

  /** Bytes of the file; fewer at its end. */
  read(offset: number, bytes: number): DataView<ArrayBuffer> {
    const buffer = new Uint8Array(bytes)
    const isInside = Number.isSafeInteger(offset) && offset >= 0 && offset < this.size
    const length = isInside ? readSync(this.#fd, buffer, 0, bytes, offset) : 0
    return new DataView(buffer.buffer, 0, length)
  }

  #readSegments(): void {
    const count = Math.min(this.#header.getUint16(56, true), MAX_PROGRAM_HEADERS)
    const each = this.#header.getUint16(54, true)
    if (each !== 56) return
    const table = this.read(u64(this.#header, 32), count * each)
    for (let at = 0; at + each <= table.byteLength; at += each) {
      const type = table.getUint32(at, true)
      const segment = {
        offset: u64(table, at + 8),
        address: u64(table, at + 16),
        bytes: u64(table, at + 32),
        isCode: (table.getUint32(at + 4, true) & 1) !== 0,
      }
      if (type === PT_LOAD) this.#segments.push(segment)
      if (type === PT_DYNAMIC) this.#dynamic ??= segment
    }
  }

  /** Where an address lies in the file. */
  offsetOf(address: number): number | undefined {
    const segment = this.#segments.find((s) => address >= s.address && address < s.address + s.bytes)
    return segment && address - segment.address + segment.offset
  }

  /** Whether an offset lies in code. */
  isCode(offset: number): boolean {
    return this.#segments.some((s) => s.isCode && offset >= s.offset && offset < s.offset + s.bytes)
  }

  /** Tag of the dynamic section → value. */
  #dynamicTags(): ReadonlyMap<number, number> {
    if (this.#tables) return this.#tables
    const tags = new Map<number, number>()
    this.#tables = tags
    if (!this.#dynamic) return tags
    const table = this.read(this.#dynamic.offset, Math.min(this.#dynamic.bytes, MAX_DYNAMIC * 16))
    for (let at = 0; at + 16 <= table.byteLength; at += 16) {
      const tag = u64(table, at)
      if (tag === DT.null) break
      tags.set(tag, u64(table, at + 8))
    }
    return tags
  }

  /** A function that the file exports, by its GNU hash table: some ten small reads. */
  exported(name: string): ElfFunction | undefined {
    const tags = this.#dynamicTags()
    const place = (tag: number) => {
      const address = tags.get(tag)
      return address === undefined ? undefined : this.offsetOf(address)
    }
    const [hashes, symbols, strings] = [place(DT.gnuHash), place(DT.symtab), place(DT.strtab)]
    if (hashes === undefined || symbols === undefined || strings === undefined) return undefined
    const head = this.read(hashes, 16)
    if (head.byteLength < 16) return undefined
    const buckets = head.getUint32(0, true)
    const first = head.getUint32(4, true)
    const filters = head.getUint32(8, true)
    if (buckets === 0) return undefined
    const hash = gnuHash(name)
    const bucketsAt = hashes + 16 + filters * 8
    const bucket = this.read(bucketsAt + (hash % buckets) * 4, 4)
    const start = bucket.byteLength === 4 ? bucket.getUint32(0, true) : 0
    if (start < first) return undefined
    return this.#inChain(name, hash, start, bucketsAt + buckets * 4 - first * 4, symbols, strings)
  }

  #inChain(
    name: string,
    hash: number,
    start: number,
    chainAt: number,
    symbols: number,
    strings: number,
  ): ElfFunction | undefined {
    for (let index = start; index < start + MAX_CHAIN; ) {
      const chain = this.read(chainAt + index * 4, 64)
      for (let at = 0; at + 4 <= chain.byteLength; at += 4, index++) {
        const value = chain.getUint32(at, true)
        if ((value | 1) === (hash | 1) >>> 0 || (value | 1) >>> 0 === (hash | 1) >>> 0) {
          const entry = this.read(symbols + index * SYMBOL_BYTES, SYMBOL_BYTES)
          const found = this.#symbolAt(entry, 0, name)
          if (found && this.#isName(strings + entry.getUint32(0, true), name)) return found
        }
        if (value & 1) return undefined
      }
      if (chain.byteLength < 64) return undefined
    }
    return undefined
  }

  #isName(offset: number, name: string): boolean {
    const text = this.read(offset, name.length + 1)
    if (text.byteLength !== name.length + 1 || text.getUint8(name.length) !== 0) return false
    for (let i = 0; i < name.length; i++) if (text.getUint8(i) !== name.charCodeAt(i)) return false
    return true
  }

  /** A defined function. */
  #symbolAt(table: DataView, at: number, name: string): ElfFunction | undefined {
    if (at + SYMBOL_BYTES > table.byteLength) return undefined
    const type = table.getUint8(at + 4) & 15
    if ((type !== STT_FUNC && type !== STT_GNU_IFUNC) || table.getUint16(at + 6, true) === 0) return undefined
    const offset = this.offsetOf(u64(table, at + 8))
    return offset !== undefined && this.isCode(offset)
      ? { name, offset, size: Math.min(u64(table, at + 16), this.size) }
      : undefined
  }

  /** The file's sections; none when their table is missing or too long. */
  sections(): Section[] {
    const count = this.#header.getUint16(60, true)
    if (this.#header.getUint16(58, true) !== 64 || count > MAX_SECTIONS) return []
    const table = this.read(u64(this.#header, 40), count * 64)
    const found: Section[] = []
    for (let at = 0; at + 64 <= table.byteLength; at += 64)
      found.push({
        name: '',
        type: table.getUint32(at + 4, true),
        address: u64(table, at + 16),
        offset: u64(table, at + 24),
        bytes: u64(table, at + 32),
        link: table.getUint32(at + 40, true),
      })
    const names = found[this.#header.getUint16(62, true)]
    if (!names) return found
    const texts = this.read(names.offset, Math.min(names.bytes, CHUNK))
    const bytes = Buffer.from(texts.buffer, 0, texts.byteLength)
    return found.map((section, i) => {
      const from = table.getUint32(i * 64, true)
      const end = bytes.indexOf(0, from)
      return { ...section, name: from < bytes.length ? bytes.toString('latin1', from, end) : '' }
    })
  }

  /**
   * Functions of the symbol table for debuggers, which has no hash: it is searched from end to end, a piece at each step. Searched
   * only if one of `telling` is among its names. 'too large': it is larger than what may be searched.
   */
  *inSymbolTable(
    names: readonly string[],
    telling: readonly string[],
  ): Generator<void, ReadonlyMap<string, ElfFunction> | 'too large'> {
    const found = new Map<string, ElfFunction>()
    const tables = this.#symbolTables()
    if (!tables) return found
    const { symbols, strings } = tables
    if (symbols.bytes > MAX_SYMBOL_TABLE || strings.bytes > MAX_STRING_TABLE) return 'too large'
    const places = yield* this.#namesIn(strings, names)
    if (!telling.some((name) => [...places.values()].includes(name))) return found
    for (const symbol of yield* this.#symbolsOf(symbols, places)) found.set(symbol.name, symbol)
    return found
  }

  /**
   * Functions of the same table whose names match; none where it is larger than what may be searched.
   *
   * @param word is within each such name
   * @param most as many are given at most
   */
  *matchingInSymbolTable(word: string, name: RegExp, most: number): Generator<void, readonly ElfFunction[]> {
    const tables = this.#symbolTables()
    if (!tables || tables.symbols.bytes > MAX_SYMBOL_TABLE || tables.strings.bytes > MAX_STRING_TABLE)
      return []
    const places = yield* this.#matchesIn(tables.strings, word, name, most)
    if (places.size === 0) return []
    return yield* this.#symbolsOf(tables.symbols, places)
  }

  #symbolTables(): { symbols: Section; strings: Section } | undefined {
    const sections = this.sections()
    const symbols = sections.find(({ type }) => type === SHT_SYMTAB)
    const strings = symbols && sections[symbols.link]
    return strings && { symbols, strings }
  }

  /** The functions that have these names (by where they begin). */
  *#symbolsOf(symbols: Section, places: ReadonlyMap<number, string>): Generator<void, ElfFunction[]> {
    const found: ElfFunction[] = []
    const chunk = CHUNK - (CHUNK % SYMBOL_BYTES)
    for (let at = 0; at < symbols.bytes; at += chunk) {
      const part = this.read(symbols.offset + at, Math.min(chunk, symbols.bytes - at))
      for (let i = 0; i + SYMBOL_BYTES <= part.byteLength; i += SYMBOL_BYTES) {
        const name = places.get(part.getUint32(i, true))
        const symbol = name === undefined ? undefined : this.#symbolAt(part, i, name)
        if (symbol) found.push(symbol)
      }
      if (part.byteLength === 0) break
      yield
    }
    return found
  }

  /** Where names that match begin in a table of strings. */
  *#matchesIn(
    strings: Section,
    word: string,
    name: RegExp,
    most: number,
  ): Generator<void, Map<number, string>> {
    const places = new Map<number, string>()
    for (let at = 0, looked = 0; at < strings.bytes && looked < MAX_MATCHED; at += CHUNK) {
      const from = Math.max(at - MAX_NAME, 0)
      const part = this.read(strings.offset + from, Math.min(at + CHUNK + MAX_NAME, strings.bytes) - from)
      const bytes = Buffer.from(part.buffer, 0, part.byteLength)
      for (let i = bytes.indexOf(word, at - from, 'latin1'); i >= 0 && from + i < at + CHUNK; looked++) {
        if (looked >= MAX_MATCHED || places.size >= most) return places
        const before = bytes.subarray(Math.max(i - MAX_NAME, 0), i)
        const begin = i - before.length + before.lastIndexOf(0) + 1
        const after = bytes.subarray(i, i + MAX_NAME).indexOf(0)
        const text = bytes.toString('latin1', begin, after < 0 ? i : i + after)
        if (name.test(text)) places.set(from + begin, text)
        i = bytes.indexOf(word, after < 0 ? i + MAX_NAME : i + after, 'latin1')
      }
      if (part.byteLength === 0) break
      yield
    }
    return places
  }

  /** Where these names begin in a table of strings. */
  *#namesIn(strings: Section, names: readonly string[]): Generator<void, Map<number, string>> {
    const places = new Map<number, string>()
    const overlap = Math.max(...names.map(({ length }) => length)) + 1
    for (let at = 0; at < strings.bytes; at += CHUNK) {
      const part = this.read(strings.offset + at, Math.min(CHUNK + overlap, strings.bytes - at))
      const bytes = Buffer.from(part.buffer, 0, part.byteLength)
      for (const name of names)
        for (let found = -1, left = 4; left > 0; left--) {
          // A name may be the end of another one: the entry of the table that names it points there.
          found = bytes.indexOf(`${name}\0`, found + 1, 'latin1')
          if (found < 0) break
          places.set(at + found, name)
        }
      if (part.byteLength === 0) break
      yield
    }
    return places
  }
}
