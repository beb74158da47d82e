/** Where the functions of OpenSSL (1.1, 3), LibreSSL and BoringSSL are probed, in whatever file they are. */
import type { ElfFile, ElfFunction } from './elf'
import { callTargets, probePlace } from './prologue'

/** What a function does, as `enum tls_kind` of `bpf/tls.h`; a test compares them. */
export const KIND = {
  read: 1,
  write: 2,
  readEx: 3,
  writeEx: 4,
  writeFlags: 5,
  sendfile: 6,
  handshake: 7,
  rustEncrypt: 8,
  rustDecrypt: 9,
  layerRead: 10,
  layerTake: 11,
  layerWrite: 12,
  layerWritev: 13,
} as const

/** Where one program is attached. */
export interface Place {
  /** `…_around`: at the entry and at the return. */
  readonly program:
    | 'tls_around'
    | 'tls_rust_around'
    | 'tls_forget'
    | 'tls_cipher'
    | 'tls_go_leave'
    | 'tls_go_done'
    | 'tls_go_enter'
  readonly function: string
  readonly kind: number
  /** In the file. */
  readonly offset: number
  /** Of Go's functions: bytes of their frame, if the return address is kept at its end. */
  readonly frame?: number
  /** Of `tls_go_done`: where the result is, in bytes from the stack pointer; `frame` is how far the call's entry is above that. */
  readonly slot?: number
}

/** These tell whether a file has any of the two parts. */
export const TELLING = ['SSL_write', 'BIO_write'] as const
export const FUNCTIONS = [
  ...TELLING,
  'SSL_read',
  'SSL_read_ex',
  'SSL_write_ex',
  'SSL_write_ex2',
  'SSL_read_early_data',
  'SSL_write_early_data',
  'SSL_sendfile',
  'SSL_do_handshake',
  'SSL_free',
  'SSL_clear',
] as const

type Name = (typeof FUNCTIONS)[number]
export type Functions = ReadonlyMap<string, ElfFunction>

const KINDS: Readonly<Record<string, number>> = {
  SSL_read: KIND.read,
  SSL_read_ex: KIND.readEx,
  SSL_read_early_data: KIND.readEx,
  SSL_write: KIND.write,
  SSL_write_ex: KIND.writeEx,
  SSL_write_ex2: KIND.writeFlags,
  SSL_write_early_data: KIND.writeEx,
  SSL_sendfile: KIND.sendfile,
  SSL_do_handshake: KIND.handshake,
}

/** Bytes of a function that are looked at. */
const LOOK = 256
const PUSH = (code: Uint8Array) =>
  (code[0]! >= 0x50 && code[0]! <= 0x57) || (code[0] === 0x41 && code[1]! >= 0x50 && code[1]! <= 0x57)
const ENDBR64 = (code: Uint8Array) =>
  code[0] === 0xf3 && code[1] === 0x0f && code[2] === 0x1e && code[3] === 0xfa

export function codeAt(elf: ElfFile, offset: number, bytes = LOOK): Uint8Array {
  const view = elf.read(offset, bytes)
  return new Uint8Array(view.buffer, 0, view.byteLength)
}

/**
 * The function without a name that both call, if it is one, and begins with a push: there a probe is cheap, and one place sees the calls of
 * both. Its arguments are those of the second one.
 */
function sharedCallee(elf: ElfFile, one: ElfFunction, other: ElfFunction): number | undefined {
  if (process.arch !== 'x64') return undefined
  const callees = ({ offset, size }: ElfFunction) =>
    callTargets(codeAt(elf, offset, Math.min(size || LOOK, LOOK))).map((target) => offset + target)
  const others = new Set(callees(other))
  const shared = [...new Set(callees(one))].filter((target) => {
    if (!others.has(target) || !elf.isCode(target)) return false
    const code = codeAt(elf, target, 16)
    return PUSH(ENDBR64(code) ? code.subarray(4) : code)
  })
  return shared.length === 1 ? shared[0] : undefined
}

/** A call is seen at its entry and at its return. */
export function around(
  elf: ElfFile,
  name: string,
  kind: number,
  offset: number,
  program: Place['program'] = 'tls_around',
): Place[] {
  const at = offset + probePlace(codeAt(elf, offset), true)
  return [{ program, function: name, kind, offset: at }]
}

/** Both functions at the one that they share, or each by itself; a missing one costs nothing else. */
function pair(elf: ElfFile, functions: Functions, plain: Name, extended: Name): Place[] {
  const [one, other] = [functions.get(plain), functions.get(extended)]
  const shared = one && other && sharedCallee(elf, one, other)
  if (shared !== undefined) return around(elf, `${plain}, ${extended}`, KINDS[extended]!, shared)
  return [one, other].flatMap((symbol) =>
    symbol ? around(elf, symbol.name, KINDS[symbol.name]!, symbol.offset) : [],
  )
}

/** Only the entry is seen. */
export function once(elf: ElfFile, functions: Functions, name: string, program: Place['program']): Place[] {
  const symbol = functions.get(name)
  if (!symbol) return []
  const at = symbol.offset + probePlace(codeAt(elf, symbol.offset), false)
  return [{ program, function: name, kind: 0, offset: at }]
}

/** All places of a file. None: it has no such functions. */
export function openSslPlaces(elf: ElfFile, functions: Functions): Place[] {
  const extended: Name = functions.has('SSL_write_ex2') ? 'SSL_write_ex2' : 'SSL_write_ex'
  const writes = pair(elf, functions, 'SSL_write', extended)
  // Where the two don't share one, the third function is seen by itself too.
  const third = extended === 'SSL_write_ex2' && writes.length > 1 ? functions.get('SSL_write_ex') : undefined
  const single = (
    ['SSL_read_early_data', 'SSL_write_early_data', 'SSL_sendfile', 'SSL_do_handshake'] as const
  )
    .map((name) => functions.get(name))
    .concat(third)
    .flatMap((symbol) => (symbol ? around(elf, symbol.name, KINDS[symbol.name]!, symbol.offset) : []))
  const isLibrary = writes.length > 0
  return [
    ...(isLibrary ? [...pair(elf, functions, 'SSL_read', 'SSL_read_ex'), ...writes, ...single] : []),
    ...(isLibrary ? once(elf, functions, 'SSL_free', 'tls_forget') : []),
    ...(isLibrary ? once(elf, functions, 'SSL_clear', 'tls_forget') : []),
    ...once(elf, functions, 'BIO_write', 'tls_cipher'),
  ]
}
