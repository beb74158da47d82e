/**
 * Where rustls is probed: at the methods that encrypt and decrypt a record. It calls them by a table (`dyn MessageEncrypter`), since its
 * cryptography can be chosen; so there is a function for each cipher, whatever the compiler makes of the rest. Only the table of symbols
 * for debuggers names them; a Rust program has that unless it is stripped.
 */
import type { ElfFile } from './elf'
import { around, KIND, type Place } from './openssl'

/** Of names as compilers write them (Rust's legacy and v0 symbol mangling), by their ends. */
const ENDS = /Message(En|De)crypter(?:\$GT\$)?7(?:en|de)crypt(?:17h[0-9a-f]{16}E)?(?:\.llvm\.\d+)?$/
/** It is within all of these. */
const WORD = 'crypter'
/** Ciphers of all versions and of more than one library, and both directions. */
const MAX_METHODS = 64

export function* rustlsPlaces(elf: ElfFile): Generator<void, Place[]> {
  const methods = yield* elf.matchingInSymbolTable(WORD, ENDS, MAX_METHODS)
  // Methods of one code may be one function with many names.
  const functions = new Map(methods.map((method) => [method.offset, method]))
  return [...functions.values()].flatMap(({ name, offset }) => {
    const kind = ENDS.exec(name)?.[1] === 'En' ? KIND.rustEncrypt : KIND.rustDecrypt
    return around(elf, name, kind, offset, 'tls_rust_around')
  })
}
