/**
 * Where in a function's first instructions a probe costs least. The kernel emulates some instructions of x86-64 (arch/x86/kernel/uprobes.c:
 * push, nop, jumps, calls), 0.7 µs for each hit; all others it executes in single steps, which take ten times as long. Elsewhere the
 * function's address is the place.
 */

/** Of instructions that leave the arguments' registers alone, to step over. */
interface Step {
  readonly bytes: number
  /** It moves the stack pointer: from there on no probe on the return can be placed. */
  readonly movesStack: boolean
}

/** How far to look. */
const MAX_STEPS = 6

/** Whether an emulated instruction begins here. */
function isEmulated(code: Uint8Array, at: number): boolean {
  const byte = code[at]!
  if (byte === 0x41) return code[at + 1]! >= 0x50 && code[at + 1]! <= 0x57
  if (byte === 0x0f) return code[at + 1]! >= 0x80 && code[at + 1]! <= 0x8f
  return (
    (byte >= 0x50 && byte <= 0x57) ||
    (byte >= 0x70 && byte <= 0x7f) ||
    byte === 0x90 ||
    byte === 0xe8 ||
    byte === 0xe9 ||
    byte === 0xeb
  )
}

const startsWith = (code: Uint8Array, at: number, ...bytes: number[]) =>
  bytes.every((byte, i) => code[at + i] === byte)

function stepOver(code: Uint8Array, at: number): Step | undefined {
  // endbr64
  if (startsWith(code, at, 0xf3, 0x0f, 0x1e, 0xfa)) return { bytes: 4, movesStack: false }
  // sub $imm8, %rsp; sub $imm32, %rsp
  if (startsWith(code, at, 0x48, 0x83, 0xec)) return { bytes: 4, movesStack: true }
  if (startsWith(code, at, 0x48, 0x81, 0xec)) return { bytes: 7, movesStack: true }
  // xor %eax, %eax
  if (startsWith(code, at, 0x31, 0xc0)) return { bytes: 2, movesStack: false }
  // test of two registers, with and without a prefix
  const prefixed = code[at]! >= 0x40 && code[at]! <= 0x4f ? 1 : 0
  if (code[at + prefixed] === 0x85 && code[at + prefixed + 1]! >= 0xc0)
    return { bytes: 2 + prefixed, movesStack: false }
  // mov %fs:0x28, %rax; mov %rax, disp8(%rsp): the stack protector
  if (startsWith(code, at, 0x64, 0x48, 0x8b, 0x04, 0x25)) return { bytes: 9, movesStack: false }
  if (startsWith(code, at, 0x48, 0x89, 0x44, 0x24)) return { bytes: 5, movesStack: true }
  return undefined
}

/**
 * Bytes from the function's beginning to the cheapest place for a probe on its entry, at which its arguments are still in their
 * registers; 0 where there is none.
 *
 * @param keepsStack the stack pointer must still point to the return address, as for a probe on the return
 */
export function probePlace(code: Uint8Array, keepsStack: boolean, arch: string = process.arch): number {
  if (arch !== 'x64') return 0
  for (let at = 0, steps = 0; steps <= MAX_STEPS && at + 9 <= code.length; steps++) {
    if (isEmulated(code, at)) return at
    const step = stepOver(code, at)
    if (!step || (keepsStack && step.movesStack)) return 0
    at += step.bytes
  }
  return 0
}

/** Offsets, from the code's beginning, of what it may call directly. Some may be bytes of other instructions. */
export function callTargets(code: Uint8Array): number[] {
  const view = new DataView(code.buffer, code.byteOffset, code.length)
  const targets: number[] = []
  for (let at = 0; at + 5 <= code.length; at++)
    if (code[at] === 0xe8) targets.push(at + 5 + view.getInt32(at + 1, true))
  return targets
}
