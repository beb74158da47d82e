/** Files inside the executable: the build packs them; from source they are plain files. */
import { readFileSync } from 'node:fs'
import { zstdDecompressSync } from 'bun'

/** How a Zstandard frame begins (RFC 8878, 3.1.1), read as a little-endian number. */
const ZSTD_MAGIC = 0xfd2fb528

/** The file's bytes, unpacked. @throws Error when it can't be read, or its packing is damaged */
export function embedded(path: string): Uint8Array {
  const bytes = readFileSync(path)
  const packed = bytes.length >= 4 && bytes.readUInt32LE(0) === ZSTD_MAGIC
  return new Uint8Array(packed ? zstdDecompressSync(bytes) : bytes)
}
