/** What Go's compiler makes of a function's beginning and end (src/cmd/internal/obj/x86/obj6.go, arm64/obj7.go). */

const startsWith = (code: Uint8Array, at: number, ...bytes: number[]) =>
  bytes.every((byte, i) => code[at + i] === byte)

const ONES = {
  x64: { nop: [0x90], return: [0xc3] },
  arm64: { nop: [0x1f, 0x20, 0x03, 0xd5], return: [0xc0, 0x03, 0x5f, 0xd6] },
} as const

/** Where it returns: at a place, or behind instructions there that do nothing. Undefined: it doesn't. */
export function returnAt(code: Uint8Array, at: number, arch: string = process.arch): number | undefined {
  const ones = arch === 'arm64' ? ONES.arm64 : ONES.x64
  let place = at
  while (startsWith(code, place, ...ones.nop)) place += ones.nop.length
  return startsWith(code, place, ...ones.return) ? place : undefined
}

/**
 * Bytes from a function's beginning to the cheapest place for a probe on its entry: on x86-64 the jump behind the comparison of the stack's
 * bound, which the kernel emulates; the arguments are still in their registers there. 0 elsewhere.
 */
export function entryPlace(code: Uint8Array, arch: string = process.arch): number {
  if (arch !== 'x64') return 0
  let at = 0
  // lea disp8(%rsp), %r12; lea disp32(%rsp), %r12: a frame that the bound doesn't include.
  if (startsWith(code, 0, 0x4c, 0x8d, 0x64, 0x24)) at = 5
  else if (startsWith(code, 0, 0x4c, 0x8d, 0xa4, 0x24)) at = 8
  // cmp 0x10(%r14), %rsp, or %r12
  if (!startsWith(code, at, at === 0 ? 0x49 : 0x4d, 0x3b, 0x66, 0x10)) return 0
  at += 4
  // jbe
  return code[at] === 0x76 || startsWith(code, at, 0x0f, 0x86) ? at : 0
}
