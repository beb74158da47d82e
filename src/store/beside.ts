/** Small files beside the store, for what is worth keeping over a restart and no row: each is there whole, or not at all. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { codeOf } from '../errors'
import { BlobWriter, DamagedBlob, readBlob } from './blob'
import { sizeOf, storeFile } from './database'
import { APPEND_LEVEL } from './merge'
import { makePrivateFile } from './private'

/** Its name begins with the store's, so that who clears the store clears it, too. */
const pathOf = (dataDir: string, name: string): string => `${storeFile(dataDir)}-${name}`

/** The bytes; undefined where there are none, more than `most`, or others than were written. */
export function readBeside(dataDir: string, name: string, most: number): Uint8Array | undefined {
  const path = pathOf(dataDir, name)
  if (sizeOf(path) > most) return undefined
  try {
    const raw = readBlob(readFileSync(path))
    return raw.length > most ? undefined : raw.take(0, raw.length)
  } catch (cause) {
    if (codeOf(cause) === undefined && !(cause instanceof DamagedBlob)) throw cause
    return undefined
  }
}

/** Replaces what is there. False where the disk refuses: then that stays. */
export function writeBeside(dataDir: string, name: string, bytes: Uint8Array): boolean {
  const path = pathOf(dataDir, name)
  const fresh = `${path}-new`
  const blob = new BlobWriter(APPEND_LEVEL)
  blob.write(bytes)
  try {
    rmSync(fresh, { force: true })
    makePrivateFile(fresh)
    writeFileSync(fresh, blob.finish())
    renameSync(fresh, path)
    return true
  } catch (cause) {
    if (codeOf(cause) === undefined) throw cause
    return false
  }
}
