/**
 * Where the functions of Go's crypto/tls are probed, and those of copies of it: of each package that has the methods of its Conn. Read, Write and
 * both handshakes are all that moves data: Conn has no ReadFrom and no WriteTo, and io.Copy, HTTP/2 and all others go through these.
 */
import type { ElfFile } from '../elf'
import { codeAt, KIND, type Place } from '../openssl'
import { entryPlace, resultSlot, returnAt } from './instructions'
import { type Depth, type GoFunction, Pclntab } from './pclntab'

const METHOD = '.(*Conn).'
const KINDS: ReadonlyMap<string, number> = new Map([
  ['Read', KIND.read],
  ['Write', KIND.write],
  ['clientHandshake', KIND.handshake],
  ['serverHandshake', KIND.handshake],
])
/** What Read calls as it returns, by the names of Go's versions: it unlocks. With a second one they are left alone. */
const DEFERRED = ['Read.deferwrap1', 'Read.func1'] as const
const MORE_DEFERRED = ['Read.deferwrap2', 'Read.func2'] as const
const METHODS: ReadonlySet<string> = new Set([...KINDS.keys(), ...DEFERRED, ...MORE_DEFERRED])

/** Packages of one program whose methods are probed. */
const MAX_PACKAGES = 8
/** Of a function's code; of its returns; of its stack, where its place is part of a cookie. */
const MAX_CODE = 64 << 10
const MAX_RETURNS = 64
const MAX_FRAME = 8192
/** How far behind the beginning of `.text` Go's code is looked for, and at which multiples: C's start comes first. */
const MAX_START = 64 << 10
const ALIGNMENT = 16

interface Method {
  readonly name: string
  readonly kind: number
  readonly function: GoFunction
  readonly depths: readonly Depth[]
  /** From its beginning. */
  readonly returns: readonly number[]
  readonly size: number
}

/** Of each package that has Read, Write and a handshake: the numbers of these names. */
function methodsIn(names: ReadonlyMap<string, number>): [name: string, number: number][] {
  const packages = new Map<string, Map<string, number>>()
  for (const [name, number] of names) {
    const at = name.lastIndexOf(METHOD)
    const methods = packages.get(name.slice(0, at)) ?? new Map<string, number>()
    packages.set(name.slice(0, at), methods.set(name.slice(at + METHOD.length), number))
  }
  const isTls = (methods: ReadonlyMap<string, number>) =>
    methods.has('Read') &&
    methods.has('Write') &&
    (methods.has('clientHandshake') || methods.has('serverHandshake'))
  const found = [...packages].filter(([, methods]) => isTls(methods)).slice(0, MAX_PACKAGES)
  return found.flatMap(([name, methods]) =>
    [...methods].map(([method, number]): [string, number] => [`${name}${METHOD}${method}`, number]),
  )
}

const endOf = (name: string) => name.slice(name.lastIndexOf(METHOD) + METHOD.length)

function methodOf(table: Pclntab, name: string, found: GoFunction): Method | undefined {
  const depths = table.depths(found)
  // Where the stack is as it was at the entry again, the function returns, or has another stack made.
  const returns = depths.filter(({ bytes }, i) => i > 0 && bytes === 0).map(({ from }) => from)
  const size = depths.at(-1)?.to ?? 0
  const kind = KINDS.get(endOf(name))
  const isSound = returns.length > 0 && returns.length <= MAX_RETURNS && size <= MAX_CODE
  return kind !== undefined && isSound ? { name, kind, function: found, depths, returns, size } : undefined
}

/** Whether code at a place is that of the method: it returns where its table says. */
const isCodeOf = ({ returns }: Method, code: Uint8Array, at = 0) =>
  returns.every((place) => returnAt(code, at + place) !== undefined)

/** Address of Go's code: as the table says, or that of `.text`, or a little behind that, where a program has C in it. */
function textStart(elf: ElfFile, table: Pclntab, method: Method): number | undefined {
  const text = elf.sections().find(({ name }) => name === '.text')
  const { entry } = method.function
  const codeFrom = (address: number, bytes: number) => {
    const offset = elf.offsetOf(address + entry)
    return offset === undefined || !elf.isCode(offset) ? new Uint8Array() : codeAt(elf, offset, bytes)
  }
  if (table.textStart !== 0 && isCodeOf(method, codeFrom(table.textStart, method.size)))
    return table.textStart
  if (!text) return undefined
  const code = codeFrom(text.address, MAX_START + method.size)
  for (let at = 0; at + method.size <= code.length; at += ALIGNMENT)
    if (isCodeOf(method, code, at)) return text.address + at
  return undefined
}

/** A function's code, if it lies there as a whole. */
function codeOf(
  elf: ElfFile,
  address: number,
  size: number,
): { offset: number; code: Uint8Array } | undefined {
  const offset = elf.offsetOf(address)
  if (offset === undefined || !elf.isCode(offset)) return undefined
  const code = codeAt(elf, offset, size)
  return code.length === size ? { offset, code } : undefined
}

/** Bytes of the return address below a caller's frame. */
const RETURN_ADDRESS = 8
/** Of the beginning of a function. */
const PROLOGUE = 32

/**
 * What a read has moved is known where it calls what it has deferred: a cheap place, where each return is a dear one. Undefined: it isn't
 * known there.
 */
function atDeferred(
  elf: ElfFile,
  start: number,
  { name, kind, returns, depths }: Method,
  code: Uint8Array,
  deferred: ReadonlyMap<string, GoFunction>,
): Place | undefined {
  if (process.arch !== 'x64' || kind !== KIND.read) return undefined
  const withEnd = (end: string) => deferred.get(`${name.slice(0, -endOf(name).length)}${end}`)
  const found = DEFERRED.map(withEnd).find((each) => each !== undefined)
  if (!found || MORE_DEFERRED.some((end) => withEnd(end))) return undefined
  const it = codeOf(elf, start + found.entry, PROLOGUE)
  const place = it ? entryPlace(it.code) : 0
  const ends = returns.map((at) => returnAt(code, at) ?? at)
  const slot = resultSlot(code, ends)
  const frame = depths.reduce((most, { bytes }) => Math.max(most, bytes), 0)
  if (!it || place === 0 || slot === undefined || slot + RETURN_ADDRESS > frame || frame >= MAX_FRAME / 2)
    return undefined
  return {
    program: 'tls_go_done',
    function: name,
    kind,
    offset: it.offset + place,
    frame: frame + RETURN_ADDRESS,
    slot: slot + RETURN_ADDRESS,
  }
}

function placesOf(
  elf: ElfFile,
  start: number,
  method: Method,
  deferred: ReadonlyMap<string, GoFunction>,
): Place[] {
  const { name, kind, depths, returns, size } = method
  const it = codeOf(elf, start + method.function.entry, size)
  if (!it || !isCodeOf(method, it.code)) return []
  const { offset, code } = it
  const frame = process.arch === 'arm64' ? (depths.find(({ bytes }) => bytes > 0)?.bytes ?? 0) : 0
  if (frame >= MAX_FRAME) return []
  const at = (program: Place['program'], place: number): Place => ({
    program,
    function: name,
    kind,
    offset: offset + place,
    frame,
  })
  const done = atDeferred(elf, start, method, code, deferred)
  // A write has been told by then.
  const left = kind === KIND.write ? [] : returns.map((at) => returnAt(code, at) ?? at)
  return [
    ...(done ? [done] : left.map((place) => at('tls_go_leave', place))),
    at('tls_go_enter', entryPlace(code)),
  ]
}

/** All places of a Go program; a text: why its TLS can't be read. None: it is no Go program, or has no TLS. */
export function* goPlaces(elf: ElfFile): Generator<void, Place[] | string> {
  const section = yield* Pclntab.find(elf)
  if (!section) return []
  const table = Pclntab.open(elf, section)
  if (!table) return 'its table of Go functions is not in the form of Go 1.18 to 1.26'
  const numbers = methodsIn(yield* table.names(METHOD, METHODS))
  const functions = yield* table.functions(numbers.map(([, number]) => number))
  const methods = numbers.flatMap(([name, number]) => {
    const found = functions.get(number)
    return (found && methodOf(table, name, found)) ?? []
  })
  const deferred = new Map(
    numbers.flatMap(([name, number]) => {
      const found = KINDS.has(endOf(name)) ? undefined : functions.get(number)
      return found ? [[name, found] as const] : []
    }),
  )
  // The more returns, the less there is other code that looks like it.
  const [first] = methods.toSorted((a, b) => b.returns.length - a.returns.length)
  if (!first) return numbers.length > 0 ? 'the functions of its crypto/tls were not found' : []
  const start = textStart(elf, table, first)
  const places =
    start === undefined ? [] : methods.flatMap((method) => placesOf(elf, start, method, deferred))
  return places.length > 0 ? places : 'the code of its crypto/tls was not found'
}
