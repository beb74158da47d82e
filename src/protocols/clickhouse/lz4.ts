/** The beginning of what an LZ4 block holds (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md), as far as its bytes are there. */
export function lz4Beginning(bytes: Uint8Array, most: number): Uint8Array {
  const out = new Uint8Array(most)
  let at = 0
  let size = 0
  const length = (short: number): number => {
    let total = short
    if (short < 15) return total
    for (let byte = 255; byte === 255 && at < bytes.length; total += byte) byte = bytes[at++]!
    return total
  }
  while (at < bytes.length && size < most) {
    const token = bytes[at++]!
    const literals = Math.min(length(token >> 4), bytes.length - at, most - size)
    out.set(bytes.subarray(at, at + literals), size)
    at += literals
    size += literals
    if (at + 2 > bytes.length || size === most) break
    const offset = bytes[at]! | (bytes[at + 1]! << 8)
    at += 2
    const matched = Math.min(4 + length(token & 15), most - size)
    if (offset === 0 || offset > size) break
    for (let i = 0; i < matched; i++, size++) out[size] = out[size - offset]!
  }
  return out.subarray(0, size)
}
