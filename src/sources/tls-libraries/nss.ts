/**
 * Where NSS is probed: at the functions of NSPR that all of its programs call (nspr/pr/include/prio.h), in libnspr4. NSS is a layer of such a
 * descriptor, and exports nothing that moves data; its own handshake is in libssl3.
 */
import type { ElfFile } from './elf'
import { around, type Functions, KIND, once, type Place } from './openssl'

const KINDS = {
  PR_Read: KIND.layerRead,
  PR_Recv: KIND.layerTake,
  PR_Write: KIND.layerWrite,
  PR_Send: KIND.layerWrite,
  PR_Writev: KIND.layerWritev,
  SSL_ForceHandshake: KIND.handshake,
} as const
export const TELLING = ['PR_Send', 'SSL_ForceHandshake'] as const
export const FUNCTIONS = [...(Object.keys(KINDS) as (keyof typeof KINDS)[]), 'PR_Close'] as const

/** All places of a file. None: it has no such functions. */
export function nssPlaces(elf: ElfFile, functions: Functions): Place[] {
  const calls = Object.entries(KINDS).flatMap(([name, kind]) => {
    const symbol = functions.get(name)
    return symbol ? around(elf, name, kind, symbol.offset) : []
  })
  return [...calls, ...once(elf, functions, 'PR_Close', 'tls_forget')]
}
