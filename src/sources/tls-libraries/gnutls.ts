/** Where the functions of GnuTLS are probed. */
import type { ElfFile } from './elf'
import { around, codeAt, type Functions, KIND, once, type Place } from './openssl'

export const TELLING = ['gnutls_record_send'] as const
export const FUNCTIONS = [
  ...TELLING,
  'gnutls_record_send2',
  'gnutls_record_recv',
  'gnutls_handshake',
  'gnutls_deinit',
] as const

const LOOK = 16
/** jmp rel32: it goes on in another function. */
const JUMP = 0xe9

/** All places of a file. None: it has no such functions. */
export function gnuTlsPlaces(elf: ElfFile, functions: Functions): Place[] {
  const places = (name: (typeof FUNCTIONS)[number], kind: number) => {
    const symbol = functions.get(name)
    return symbol ? around(elf, name, kind, symbol.offset) : []
  }
  const send = functions.get('gnutls_record_send')
  if (!send) return []
  // As a rule it ends in a jump to `gnutls_record_send2`, where a probe is cheaper.
  const goesOn = process.arch === 'x64' && codeAt(elf, send.offset, LOOK).includes(JUMP)
  return [
    ...places('gnutls_record_recv', KIND.read),
    ...(goesOn && functions.has('gnutls_record_send2') ? [] : places('gnutls_record_send', KIND.write)),
    ...places('gnutls_record_send2', KIND.write),
    ...places('gnutls_handshake', KIND.handshake),
    ...once(elf, functions, 'gnutls_deinit', 'tls_forget'),
  ]
}
