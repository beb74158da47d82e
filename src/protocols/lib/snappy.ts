/**
 * Snappy's raw format (github.com/google/snappy, format_description.txt), from its beginning up to a limit: the length of the content
 * as a varint, then literals and copies of what came before.
 */

/** The decompressed length, and the offset behind it; undefined: it isn't there. */
function lengthOf(input: Uint8Array): { readonly length: number; readonly at: number } | undefined {
  let length = 0
  for (let at = 0; at < 5; at++) {
    const byte = input[at]
    if (byte === undefined) return undefined
    length += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return { length, at: at + 1 }
  }
  return undefined
}

/** The decompressed length that the input states; undefined: none. */
export const snappyLength = (input: Uint8Array): number | undefined => lengthOf(input)?.length

/** The first bytes of the content, at most `limit`; as far as the input goes and isn't damaged. */
export function unsnappy(input: Uint8Array, limit: number): Uint8Array {
  const stated = lengthOf(input)
  if (!stated) return new Uint8Array(0)
  const output = new Uint8Array(Math.min(stated.length, limit))
  const most = output.length
  const { length: end } = input
  let { at } = stated
  let made = 0
  while (at < end && made < most) {
    const tag = input[at++]!
    const kind = tag & 3
    let length = (tag >> 2) + 1
    if (kind === 0) {
      const extra = length > 60 ? length - 60 : 0
      if (at + extra > end) break
      if (extra > 0) length = little(input, at, extra) + 1
      at += extra
      const taken = Math.min(length, most - made, end - at)
      output.set(input.subarray(at, at + taken), made)
      made += taken
      at += length
      continue
    }
    const size = kind === 3 ? 4 : kind
    if (at + size > end) break
    let offset = little(input, at, size)
    at += size
    if (kind === 1) {
      length = ((tag >> 2) & 7) + 4
      offset += (tag >> 5) << 8
    }
    if (offset === 0 || offset > made) break
    const behind = Math.min(made + length, most)
    // The source may overlap what is made.
    for (; made < behind; made++) output[made] = output[made - offset]!
  }
  return output.subarray(0, made)
}

function little(bytes: Uint8Array, at: number, size: number): number {
  let value = 0
  for (let i = size - 1; i >= 0; i--) value = value * 256 + bytes[at + i]!
  return value
}
