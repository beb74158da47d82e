/** What stands in a data directory: the bytes of its files, and of the store all columns, decompressed. */
import { Database } from 'bun:sqlite'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Every file as it is, then every value of every table of every database. One character per byte. */
export function textsOnDisk(dir: string): string[] {
  const texts: string[] = []
  for (const name of readdirSync(dir, { recursive: true }) as string[]) {
    const path = join(dir, name)
    if (!statSync(path).isFile()) continue
    texts.push(readFileSync(path).toString('latin1'))
    if (name.endsWith('.db')) texts.push(...valuesOf(path))
  }
  return texts
}

function valuesOf(path: string): string[] {
  const database = new Database(path, { readonly: true })
  const tables = database.query("select name from sqlite_master where type = 'table'").values().flat()
  const values = tables.flatMap((table) => database.query(`select * from "${table}"`).values().flat())
  database.close()
  return values.flatMap((value) => {
    if (value instanceof Uint8Array) return [Buffer.from(value).toString('latin1'), ...framesOf(value)]
    return typeof value === 'string' ? [Buffer.from(value).toString('latin1')] : []
  })
}

/** The frames of a column (`src/store/blob.ts`): crc32 u32 · frames u32 · (packed u32, raw u32) per frame · the frames. */
function framesOf(blob: Uint8Array): string[] {
  const bytes = Buffer.from(blob)
  if (bytes.length < 8) return []
  const frames = bytes.readUInt32LE(4)
  const texts: string[] = []
  let at = 8 + 8 * frames
  for (let i = 0; i < frames && at < bytes.length; i++) {
    const packed = bytes.readUInt32LE(8 + 8 * i)
    const raw = bytes.readUInt32LE(12 + 8 * i)
    const frame = bytes.subarray(at, at + packed)
    texts.push(Buffer.from(packed === raw ? frame : Bun.zstdDecompressSync(frame)).toString('latin1'))
    at += packed
  }
  return texts
}
