/** Bodies made to cost as much as they can, for every coding. */
import zlib from 'node:zlib'

export interface HostileBody {
  readonly name: string
  readonly codings: readonly string[]
  readonly bytes: Uint8Array
}

/** Bytes of a compressed body that Nixie keeps at most. */
const KEPT = 32 << 10

const repeated = (part: Uint8Array, times = Math.ceil(KEPT / part.length)): Uint8Array =>
  Buffer.concat(Array<Uint8Array>(times).fill(part))

/** Writes numbers from the lowest bit on, as deflate and brotli want them. */
export class BitWriter {
  readonly #bytes: number[] = []
  #bits = 0

  put(value: number, bits: number): this {
    for (let i = 0; i < bits; i++, this.#bits++) {
      if (this.#bits % 8 === 0) this.#bytes.push(0)
      const bit = Math.floor(value / 2 ** i) % 2
      this.#bytes[this.#bytes.length - 1]! += bit * 2 ** (this.#bits % 8)
    }
    return this
  }

  align(): this {
    while (this.#bits % 8 !== 0) this.#bits++
    return this
  }

  get length(): number {
    return this.#bytes.length
  }

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes)
  }
}

/** RFC 1951 §3.2.7: a block whose trees are as long as they may be, and which has no content. */
function dynamicBlock(out: BitWriter): void {
  out.put(0, 1).put(2, 2).put(29, 5).put(29, 5).put(14, 4)
  // Lengths of the code for lengths, in the order 16 17 18 0 8 7 9 …: 0 and 8 have one bit each.
  const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1]
  for (const symbol of order) out.put(symbol === 0 || symbol === 8 ? 1 : 0, 3)
  // 256 literals of 8 bits would fill the code: 255 of them and the end of the block do.
  for (let symbol = 0; symbol < 286; symbol++) out.put(symbol > 0 && symbol <= 256 ? 1 : 0, 1)
  for (let symbol = 0; symbol < 30; symbol++) out.put(0, 1)
  out.put(0xff, 8)
}

function deflateBlocks(write: (out: BitWriter) => void): Uint8Array {
  const out = new BitWriter()
  while (out.length < KEPT) write(out)
  return out.bytes
}

const GZIP_HEAD = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3)

/** RFC 7932 §9.2, the number of block types or trees. */
function brotliCount(out: BitWriter, count: number): void {
  if (count === 1) {
    out.put(0, 1)
    return
  }
  const bits = Math.floor(Math.log2(count - 1))
  out
    .put(1, 1)
    .put(bits, 3)
    .put(count - 1 - 2 ** bits, bits)
}

/** RFC 7932 §3.4: a prefix code of one symbol. */
const oneSymbol = (out: BitWriter, symbol: number, alphabet: number) =>
  out
    .put(1, 2)
    .put(0, 2)
    .put(symbol, Math.floor(Math.log2(alphabet - 1)) + 1)

/** A meta-block of one byte with 256 block types of literals, whose context map is moved to front 16,384 times. */
function brotliContextMaps(trees: number): Uint8Array {
  const out = new BitWriter().put(0, 1)
  for (let block = 0; block < 400; block++) {
    out.put(0, 1).put(0, 2).put(0, 16).put(0, 1)
    brotliCount(out, 256)
    oneSymbol(out, 0, 258)
    oneSymbol(out, 25, 26)
    out.put(0, 24)
    brotliCount(out, 1)
    brotliCount(out, 1)
    out.put(0, 2).put(0, 4)
    for (let type = 0; type < 256; type++) out.put(0, 2)
    brotliCount(out, trees)
    out.put(0, 1)
    oneSymbol(out, trees - 1, trees)
    out.put(1, 1)
    brotliCount(out, 1)
    for (let tree = 0; tree < trees; tree++) oneSymbol(out, 65, 256)
    oneSymbol(out, 136, 704)
    oneSymbol(out, 0, 64)
  }
  return out.bytes.subarray(0, KEPT)
}

/** RFC 7932 §9.2: empty meta-blocks whose metadata is skipped. */
function brotliMetadata(skip: number): Uint8Array {
  const out = new BitWriter().put(0, 1)
  while (out.length < KEPT) {
    out.put(0, 1).put(3, 2).put(0, 1)
    if (skip === 0) out.put(0, 2)
    else out.put(1, 2).put(skip - 1, 8)
    out.align()
    for (let i = 0; i < skip; i++) out.put(0xff, 8)
  }
  return out.bytes.subarray(0, KEPT)
}

const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd]

/** RFC 8878 §3.1.1: a frame of one block; `windowLog` is that of its window. */
export const zstdFrame = (
  windowLog: number,
  blockHead: number,
  content: readonly number[] = [],
): Uint8Array =>
  Uint8Array.of(
    ...ZSTD_MAGIC,
    0,
    (windowLog - 10) << 3,
    blockHead & 0xff,
    (blockHead >> 8) & 0xff,
    blockHead >> 16,
    ...content,
  )

const zstdBlock = (last: boolean, type: number, size: number) => (size << 3) | (type << 1) | Number(last)
const RLE = 1
const EMPTY_LAST_BLOCK = zstdBlock(true, 0, 0)
const MAX_BLOCK = 128 << 10

function zstdRleBlocks(): Uint8Array {
  const head = zstdBlock(false, RLE, MAX_BLOCK)
  const block = Uint8Array.of(head & 0xff, (head >> 8) & 0xff, head >> 16, 0x41)
  return Buffer.concat([Uint8Array.of(...ZSTD_MAGIC, 0, 13 << 3), repeated(block)])
}

const ZEROS = Buffer.alloc(16 << 20)
const window24 = { params: { [zlib.constants.BROTLI_PARAM_LGWIN]: 24 } }
const text = Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i * 7919).toString(36)).join(' '))

export const HOSTILE_BODIES: readonly HostileBody[] = [
  { name: '16 MiB of zeros', codings: ['gzip'], bytes: zlib.gzipSync(ZEROS).subarray(0, 1280) },
  { name: 'empty members', codings: ['gzip'], bytes: repeated(zlib.gzipSync('')) },
  {
    name: 'a name without end',
    codings: ['gzip'],
    bytes: Buffer.alloc(KEPT, 0x61).fill(Uint8Array.of(0x1f, 0x8b, 8, 8), 0, 4),
  },
  {
    name: 'zeros behind the end',
    codings: ['gzip'],
    bytes: Buffer.concat([zlib.gzipSync(''), Buffer.alloc(KEPT)]),
  },
  {
    name: 'trees without content',
    codings: ['gzip'],
    bytes: Buffer.concat([GZIP_HEAD, deflateBlocks(dynamicBlock)]),
  },
  { name: 'empty stored blocks', codings: ['deflate'], bytes: repeated(Uint8Array.of(0, 0, 0, 0xff, 0xff)) },
  {
    name: 'empty fixed blocks',
    codings: ['deflate'],
    bytes: deflateBlocks((out) => out.put(0, 1).put(1, 2).put(0, 7)),
  },
  { name: 'a dictionary', codings: ['deflate'], bytes: Uint8Array.of(0x78, 0xbb, 1, 2, 3, 4, 5, 6, 7, 8) },
  { name: '16 MiB of zeros', codings: ['br'], bytes: zlib.brotliCompressSync(ZEROS, window24) },
  { name: 'context maps of 2 trees', codings: ['br'], bytes: brotliContextMaps(2) },
  { name: 'context maps of 32 trees', codings: ['br'], bytes: brotliContextMaps(32) },
  { name: 'context maps of 256 trees', codings: ['br'], bytes: brotliContextMaps(256) },
  { name: '421 bytes of context maps', codings: ['br'], bytes: brotliContextMaps(2).subarray(0, 421) },
  { name: 'empty meta-blocks', codings: ['br'], bytes: brotliMetadata(0) },
  { name: 'metadata', codings: ['br'], bytes: brotliMetadata(200) },
  {
    name: 'a large window',
    codings: ['br'],
    bytes: Uint8Array.of(0x11, 0x1e, ...zlib.brotliCompressSync(text)),
  },
  { name: '16 MiB of zeros', codings: ['zstd'], bytes: zlib.zstdCompressSync(ZEROS) },
  { name: 'blocks of one byte repeated', codings: ['zstd'], bytes: zstdRleBlocks() },
  { name: 'empty frames', codings: ['zstd'], bytes: repeated(zstdFrame(10, EMPTY_LAST_BLOCK)) },
  {
    name: 'empty frames of 8 MiB windows',
    codings: ['zstd'],
    bytes: repeated(zstdFrame(23, EMPTY_LAST_BLOCK)),
  },
  {
    name: 'a window of 128 MiB',
    codings: ['zstd'],
    bytes: zstdFrame(27, zstdBlock(true, RLE, 1000), [0x41]),
  },
  { name: 'a window of 2 TiB', codings: ['zstd'], bytes: zstdFrame(41, zstdBlock(true, RLE, 1000), [0x41]) },
  {
    name: 'empty skippable frames',
    codings: ['zstd'],
    bytes: repeated(Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0)),
  },
  {
    name: 'a skippable frame of 4 GiB',
    codings: ['zstd'],
    bytes: repeated(Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff)),
  },
  {
    name: 'a dictionary',
    codings: ['zstd'],
    bytes: Uint8Array.of(...ZSTD_MAGIC, 0x23, 1, 0, 0, 0, 8, 1, 0, 0),
  },
  {
    name: 'small blocks with tables',
    codings: ['zstd'],
    bytes: repeated(zlib.zstdCompressSync(text.subarray(0, 200))),
  },
  {
    name: 'bombs in a bomb',
    codings: ['gzip', 'gzip', 'br', 'zstd'],
    bytes: zlib.zstdCompressSync(zlib.brotliCompressSync(zlib.gzipSync(zlib.gzipSync(ZEROS)), window24)),
  },
]
