/**
 * Blocks of LZ4 (github.com/lz4/lz4, "LZ4 Block Format Description"), from their beginning up to a limit. Each sequence:
 *
 *     token:1  [more of the literals' length]  literals  offset:2 (little-endian)  [more of the match's length]
 *
 * Every step reads or writes something, so time is linear in what is read and written.
 */

/** A match is at least this long. */
const LEAST_MATCH = 4
/** A length of a token that goes on in the next bytes. */
const LONG = 15

/** Writes the first bytes of the content to `output`; returns how many, as far as the input goes and isn't damaged. */
export function unlz4(input: Uint8Array, output: Uint8Array): number {
  const { length: end } = input
  const most = output.length
  let at = 0
  let made = 0
  while (at < end && made < most) {
    const token = input[at++]!
    let literals = token >> 4
    if (literals === LONG)
      for (let byte = 255; byte === 255 && at < end; literals += byte) byte = input[at++]!
    const taken = Math.min(literals, end - at, most - made)
    output.set(input.subarray(at, at + taken), made)
    made += taken
    at += literals
    // The last literals have no match behind them.
    if (at + 2 > end) break
    const offset = input[at]! | (input[at + 1]! << 8)
    at += 2
    let length = token & LONG
    if (length === LONG) for (let byte = 255; byte === 255 && at < end; length += byte) byte = input[at++]!
    if (offset === 0 || offset > made) break
    const behind = Math.min(made + length + LEAST_MATCH, most)
    // The source may overlap what is made.
    if (offset >= behind - made) output.copyWithin(made, made - offset, behind - offset)
    else for (let i = made; i < behind; i++) output[i] = output[i - offset]!
    made = behind
  }
  return made
}
