/**
 * Descriptor sets and sources of Protocol Buffers that the user gives, read beside the capture: sets a file at a time, so that the ring is
 * looked at in between, sources on another thread.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Descriptors, filesOf } from '../protocols/lib/protobuf/descriptors'
import { readPlainFile, TooLarge } from './plain-file'
import type { Compiled } from './proto-sources'

const SETS = /\.(?:binpb|pb|protoset|desc)$/
const MAX_FILES = 256
const MAX_BYTES = 16 << 20
/** Bytes of descriptors that are read in one go. */
const AT_ONCE = 256 << 10

const NOTHING: Compiled = { files: [], warnings: [] }
/** Sources take some milliseconds each. */
const PATIENCE_MS = 30_000

const HOW =
  'Make one: protoc --include_imports --descriptor_set_out=all.binpb *.proto, or buf build -o all.binpb.'

/** Adds what is in the directory; `warn` is told what isn't read, and why. */
export async function readProtoDir(
  dir: string,
  into: Descriptors,
  warn: (message: string) => void,
): Promise<void> {
  const listed = await readdir(dir, { withFileTypes: true }).catch((cause: Error) => cause)
  if (listed instanceof Error) {
    warn(
      `--proto-dir: ${dir} can't be read (${listed.message}); messages of gRPC have the names that servers tell.`,
    )
    return
  }
  const sets = listed
    .map(({ name }) => name)
    .filter((name) => SETS.test(name))
    .sort()
  if (sets.length > MAX_FILES)
    warn(`--proto-dir: of ${sets.length} files in ${dir} the first ${MAX_FILES} are read.`)
  let left = MAX_BYTES
  for (const name of sets.slice(0, MAX_FILES)) {
    const bytes = await bytesOf(join(dir, name), left)
    if (typeof bytes === 'string') warn(`--proto-dir: ${name} is left out: ${bytes}.`)
    else {
      left -= bytes.length
      if (!(await addFiles(filesOf(bytes), into)))
        warn(`--proto-dir: ${name} is left out: it is no descriptor set. ${HOW}`)
    }
  }
  const maySources = listed.some((entry) => entry.isDirectory() || entry.name.endsWith('.proto'))
  const { files, warnings } = maySources ? await compiledBeside(dir) : NOTHING
  for (const warning of warnings) warn(`--proto-dir: ${warning}.`)
  await addFiles(files, into)
  if (sets.length === 0 && files.length === 0)
    warn(
      `--proto-dir: in ${dir} are no messages: neither sources (*.proto) nor a descriptor set (*.binpb, *.pb, *.protoset, *.desc). ${HOW}`,
    )
}

/** The sources in the directory, on a thread that ends with it. */
async function compiledBeside(dir: string): Promise<Compiled> {
  // Without a dot in front: a thread's thread is found beside it in the executable, too.
  const worker = new Worker(new URL('proto-worker.ts', import.meta.url).href)
  const failed = (why: string): Compiled => ({
    files: [],
    warnings: [`sources are left out: ${why}. ${HOW}`],
  })
  try {
    return await new Promise<Compiled>((resolve) => {
      const timer = setTimeout(
        () => resolve(failed(`they took more than ${PATIENCE_MS / 1000} s`)),
        PATIENCE_MS,
      )
      const end = (compiled: Compiled) => {
        clearTimeout(timer)
        resolve(compiled)
      }
      worker.onmessage = ({ data }: MessageEvent<Compiled>) => end(data)
      worker.onerror = (event) => {
        event.preventDefault()
        end(failed(event.message))
      }
      worker.postMessage(dir)
    })
  } finally {
    worker.terminate()
  }
}

/** False where there are none. */
async function addFiles(files: readonly Uint8Array[] | undefined, into: Descriptors): Promise<boolean> {
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
    return await readPlainFile(path, most)
  } catch (cause) {
    if (cause instanceof TooLarge)
      return `all together may have ${MAX_BYTES >> 20} MiB, and it has ${(cause.size / 2 ** 20).toFixed(1)}`
    return String(cause instanceof Error ? cause.message : cause)
  }
}
