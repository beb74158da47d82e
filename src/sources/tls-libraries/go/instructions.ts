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

/** How many bytes before a return its results are loaded at most. */
const EPILOGUE = 40
/** mov disp8(%rsp), %rax */
const LOAD_RESULT = [0x48, 0x8b, 0x44, 0x24] as const

/** Bytes of an instruction that an epilogue of x86-64 may have behind that load: other results, and the frame's end. */
function epilogueStep(code: Uint8Array, at: number): number {
  // mov disp8(%rsp), %rbx; %rcx; %rbp
  const isLoad = [0x5c, 0x4c, 0x6c].some((register) => startsWith(code, at, 0x48, 0x8b, register, 0x24))
  if (isLoad) return 5
  // add $imm8, %rsp; add $imm32, %rsp
  if (startsWith(code, at, 0x48, 0x83, 0xc4)) return 4
  if (startsWith(code, at, 0x48, 0x81, 0xc4)) return 7
  // xor %ebx, %ebx; xor %ecx, %ecx
  if (startsWith(code, at, 0x31, 0xdb) || startsWith(code, at, 0x31, 0xc9)) return 2
  // pop %rbp
  return code[at] === 0x5d ? 1 : 0
}

function loadedBefore(code: Uint8Array, end: number): number | undefined {
  for (let from = end - 5; from >= Math.max(0, end - EPILOGUE); from--) {
    if (!startsWith(code, from, ...LOAD_RESULT)) continue
    let at = from + 5
    for (let step = epilogueStep(code, at); step > 0 && at < end; step = epilogueStep(code, at)) at += step
    return at === end ? code[from + 4] : undefined
  }
  return undefined
}

/**
 * Where a function with a deferred call keeps its first result while that runs, in bytes from its stack pointer: it loads it from there
 * to return. Undefined: its returns don't agree, or don't tell.
 */
export function resultSlot(code: Uint8Array, returns: readonly number[]): number | undefined {
  const slots = new Set(returns.map((end) => loadedBefore(code, end)).filter((slot) => slot !== undefined))
  const [slot] = slots
  return slots.size === 1 ? slot : undefined
}
