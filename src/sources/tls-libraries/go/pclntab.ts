/**
 * Go's table of functions (`runtime.pclntab`; go.dev/s/go12symtab, src/runtime/symtab.go), which every Go program has, stripped or not.
 * From Go 1.18 on (1.20: another magic number):
 *
 *   header   magic u32, 0 u16, instruction quantum u8, pointer size u8; then, 8 bytes each: functions, files, start of the code (0 from
 *            Go 1.26 on), and where the tables are: names, units, files, pc data, functions
 *   names    NUL-terminated, in the order of the functions, but for what was inlined before
 *   functions  [entry u32, where u32] sorted by entry, then records: entry u32, name i32, args u32, deferreturn u32, pcsp u32, …
 *   pc data  pairs of varints: change of the value (zigzag), length of code
 *
 * The file is a stranger's: every read has a bound, and a search reads some pages, not the table.
 */
import type { ElfFile, Section } from '../elf'

const MAGIC = { go118: 0xfffffff0, go120: 0xfffffff1 } as const
/** How the header begins, by its magic number and the machine's instructions. */
const MARK_BYTES = 8
const MARKS = Object.values(MAGIC).map((magic) => {
  const mark = Buffer.from([0, 0, 0, 0, 0, 0, process.arch === 'arm64' ? 4 : 1, 8])
  mark.writeUInt32LE(magic)
  return mark
})
const HEADER_BYTES = 72
const RECORD_BYTES = 20
const MAX_FUNCTIONS = 1 << 20
const MAX_NAMES = 128 << 20
/** Of data among which it is searched. */
const MAX_AMONG = 256 << 20
const CHUNK = 1 << 20
const MAX_NAME = 512
/** Names with the wanted ends that are kept: one program has as many types as it likes. */
const MAX_FOUND = 1024
/** Functions that are read at once in a search by halves, and in one from end to end; and bytes of records. */
const FEW = 64
const MANY = 4096
const MAX_RECORDS = 1 << 20
/** Pairs of pc data of one function. */
const MAX_PC_BYTES = 8192

export interface GoFunction {
  /** From the start of the code. */
  readonly entry: number
  /** Of its depths of stack, in the pc data. */
  readonly pcsp: number
}

/** Bytes of stack that a function has taken, for its instructions from `from` to before `to`, from its entry. */
export interface Depth {
  readonly from: number
  readonly to: number
  readonly bytes: number
}

const u64 = (view: DataView, at: number) => Number(view.getBigUint64(at, true))

export class Pclntab {
  readonly #elf: ElfFile
  readonly #table: Section
  readonly #quantum: number
  readonly #functions: number
  readonly #places: {
    readonly names: number
    readonly units: number
    readonly pcs: number
    readonly functions: number
  }
  /** Address of the code; 0: the table doesn't say. */
  readonly textStart: number

  private constructor(elf: ElfFile, table: Section, header: DataView) {
    this.#elf = elf
    this.#table = table
    this.#quantum = header.getUint8(6)
    this.#functions = u64(header, 8)
    this.textStart = u64(header, 24)
    this.#places = {
      names: u64(header, 32),
      units: u64(header, 40),
      pcs: u64(header, 56),
      functions: u64(header, 64),
    }
  }

  /** Where the table of a Go program lies, of whatever version. */
  static *find(elf: ElfFile): Generator<void, Section | undefined> {
    const sections = elf.sections()
    const named = (name: string) => sections.find((section) => section.name === name)
    const own = named('.gopclntab') ?? named('.data.rel.ro.gopclntab')
    // The linker of C puts it among other data, up to Go 1.25.
    const among = own || !named('.go.buildinfo') ? undefined : named('.data.rel.ro')
    if (!among) return own
    for (let at = 0; at < Math.min(among.bytes, MAX_AMONG); at += CHUNK) {
      const part = elf.read(among.offset + at, Math.min(CHUNK + MARK_BYTES, among.bytes - at))
      const bytes = Buffer.from(part.buffer, 0, part.byteLength)
      const hits = MARKS.map((mark) => bytes.indexOf(mark)).filter((hit) => hit >= 0)
      const table = hits.map((hit) => {
        const from = at + hit
        return { ...among, offset: among.offset + from, bytes: among.bytes - from }
      })
      const sound = table.find((each) => Pclntab.open(elf, each))
      if (sound || part.byteLength === 0) return sound
      yield
    }
    return undefined
  }

  /** Undefined: it has another form. */
  static open(elf: ElfFile, section: Section): Pclntab | undefined {
    const header = elf.read(section.offset, HEADER_BYTES)
    if (header.byteLength < HEADER_BYTES) return undefined
    const magic = header.getUint32(0, true)
    const isKnown = (magic === MAGIC.go118 || magic === MAGIC.go120) && header.getUint8(7) === 8
    const table = new Pclntab(elf, section, header)
    return isKnown && table.#isSound() ? table : undefined
  }

  #isSound(): boolean {
    const { names, units, pcs, functions } = this.#places
    const places = [names, units, pcs, functions]
    return (
      (this.#quantum === 1 || this.#quantum === 4) &&
      this.#functions <= MAX_FUNCTIONS &&
      units - names <= MAX_NAMES &&
      places.every((place, i) => place <= this.#table.bytes && (i === 0 || place >= places[i - 1]!))
    )
  }

  #read(place: number, bytes: number): DataView<ArrayBuffer> {
    return this.#elf.read(this.#table.offset + place, Math.max(0, Math.min(bytes, this.#table.bytes - place)))
  }

  /** Names that contain `infix` followed by one of `ends`, and nothing else → their number, by which a function is found. */
  *names(infix: string, ends: ReadonlySet<string>): Generator<void, Map<string, number>> {
    const found = new Map<string, number>()
    const { names, units } = this.#places
    for (let at = names; at < units && found.size < MAX_FOUND; at += CHUNK) {
      // Names that lie across the border are whole in one of the two.
      const from = Math.max(names, at - MAX_NAME)
      const part = this.#read(from, Math.min(CHUNK + at - from, units - from))
      if (part.byteLength === 0) break
      const bytes = Buffer.from(part.buffer, 0, part.byteLength)
      for (let hit = bytes.indexOf(infix); hit >= 0; hit = bytes.indexOf(infix, hit + 1)) {
        const end = bytes.indexOf(0, hit)
        const begin = bytes.lastIndexOf(0, hit) + 1
        if (end < 0 || end - begin > MAX_NAME || !ends.has(bytes.toString('latin1', hit + infix.length, end)))
          continue
        found.set(bytes.toString('latin1', begin, end), from + begin - names)
        if (found.size >= MAX_FOUND) break
      }
      yield
    }
    return found
  }

  /** Records of the functions from one number on, as far as they can be read at once. */
  #window(first: number, count: number): { readonly name: number; readonly function: GoFunction }[] {
    const last = Math.min(first + count, this.#functions)
    const { functions } = this.#places
    const index = this.#read(functions + first * 8, (last - first) * 8)
    const entries = index.byteLength >> 3
    if (entries === 0) return []
    const where = Array.from({ length: entries }, (_, i) => index.getUint32(i * 8 + 4, true))
    const begin = where.reduce((a, b) => Math.min(a, b))
    const end = where.reduce((a, b) => Math.max(a, b)) + RECORD_BYTES
    const records = this.#read(functions + begin, Math.min(end - begin, MAX_RECORDS))
    return where.flatMap((place) => {
      const at = place - begin
      if (at + RECORD_BYTES > records.byteLength) return []
      const found = { entry: records.getUint32(at, true), pcsp: records.getUint32(at + 16, true) }
      return [{ name: records.getUint32(at + 4, true), function: found }]
    })
  }

  /** The functions of names' numbers. */
  *functions(names: readonly number[]): Generator<void, ReadonlyMap<number, GoFunction>> {
    const found = new Map<number, GoFunction>()
    for (const name of names) {
      const near = this.#search(name)
      if (near) found.set(name, near)
      yield
    }
    // All that are missing in one pass, in a table whose order is another one.
    const missing = new Set(names.filter((name) => !found.has(name)))
    for (let first = 0; first < this.#functions && missing.size > 0; first += MANY) {
      const window = this.#window(first, MANY)
      if (window.length === 0) break
      for (const { name, function: each } of window) if (missing.delete(name)) found.set(name, each)
      yield
    }
    return found
  }

  /** By halves: names are in the functions' order, but those of what was inlined are earlier. The highest one of a window tells where it lies. */
  #search(name: number): GoFunction | undefined {
    let [low, high] = [0, Math.ceil(this.#functions / FEW)]
    while (low < high) {
      const middle = (low + high) >> 1
      const highest = this.#window(middle * FEW, FEW).reduce((most, each) => Math.max(most, each.name), -1)
      if (highest < name) low = middle + 1
      else high = middle
    }
    return this.#window(low * FEW, FEW).find((each) => each.name === name)?.function
  }

  /** How deep a function's stack is at each of its instructions; none where the table is not sound. */
  depths({ pcsp }: GoFunction): Depth[] {
    const table = this.#read(this.#places.pcs + pcsp, MAX_PC_BYTES)
    const depths: Depth[] = []
    let [at, from, bytes] = [0, 0, -1]
    const varint = () => {
      let value = 0
      for (let shift = 0; shift < 35 && at < table.byteLength; shift += 7) {
        const byte = table.getUint8(at++)
        value += (byte & 0x7f) * 2 ** shift
        if (byte < 0x80) return value
      }
      return undefined
    }
    for (;;) {
      const change = varint()
      if (change === undefined) return []
      if (change === 0 && from > 0) return depths
      bytes += change & 1 ? -((change + 1) / 2) : change / 2
      const length = varint()
      if (length === undefined || length === 0) return []
      depths.push({ from, to: from + length * this.#quantum, bytes })
      from += length * this.#quantum
    }
  }
}
