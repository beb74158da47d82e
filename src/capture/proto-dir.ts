/** Descriptor sets that the user gives, read beside the capture: a file at a time, so that the ring is looked at in between. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Descriptors, filesOf } from '../protocols/lib/protobuf/descriptors'

const SETS = /\.(?:binpb|pb|protoset|desc)$/
const SOURCES = /\.proto$/
const MAX_FILES = 256
const MAX_BYTES = 16 << 20
/** Bytes of descriptors that are read in one go. */
const AT_ONCE = 256 << 10

const HOW =
  'Make one: protoc --include_imports --descriptor_set_out=all.binpb *.proto, or buf build -o all.binpb.'

/** Adds what is in the directory; `warn` is told what isn't read, and why. */
export async function readProtoDir(
  dir: string,
  into: Descriptors,
  warn: (message: string) => void,
): Promise<void> {
  const listed = await readdir(dir).catch((cause: Error) => cause)
  if (listed instanceof Error) {
    warn(
      `--proto-dir: ${dir} can't be read (${listed.message}); messages of gRPC have the names that servers tell.`,
    )
    return
  }
  const sets = listed.filter((name) => SETS.test(name)).sort()
  if (sets.length === 0) {
    const sources = listed.filter((name) => SOURCES.test(name)).length
    const found =
      sources > 0
        ? `only sources (${sources} *.proto)`
        : 'nothing that ends with .binpb, .pb, .protoset or .desc'
    warn(`--proto-dir: in ${dir} is no descriptor set, ${found}. ${HOW}`)
  }
  if (sets.length > MAX_FILES)
    warn(`--proto-dir: of ${sets.length} files in ${dir} the first ${MAX_FILES} are read.`)
  let left = MAX_BYTES
  for (const name of sets.slice(0, MAX_FILES)) {
    const bytes = await bytesOf(join(dir, name), left)
    if (typeof bytes === 'string') warn(`--proto-dir: ${name} is left out: ${bytes}.`)
    else {
      left -= bytes.length
      if (!(await addSet(bytes, into)))
        warn(`--proto-dir: ${name} is left out: it is no descriptor set. ${HOW}`)
    }
  }
}

/** False where it is none. */
async function addSet(bytes: Uint8Array, into: Descriptors): Promise<boolean> {
  const files = filesOf(bytes)
  let taken = 0
  for (const file of files ?? []) {
    into.addFile(file)
    taken += file.length
    if (taken < AT_ONCE) continue
    taken = 0
    await new Promise((done) => setImmediate(done))
  }
  return files !== undefined
}

/** The bytes, or why they aren't read. */
async function bytesOf(path: string, most: number): Promise<Uint8Array | string> {
  try {
    const { size } = await stat(path)
    if (size > most)
      return `all together may have ${MAX_BYTES >> 20} MiB, and it has ${(size / 2 ** 20).toFixed(1)}`
    return new Uint8Array(await readFile(path))
  } catch (cause) {
    return String(cause instanceof Error ? cause.message : cause)
  }
}
