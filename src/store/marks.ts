/**
 * Who reads: a file in `readers/` for each scan under way, so that the writer knows which replaced chunks may be read
 * still. Files, because readers are threads of this process and other processes alike, and may be killed.
 */
import { mkdirSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../errors'
import { FILE_MODE, FOLDER_MODE } from './private'

const folderOf = (dataDir: string) => join(dataDir, 'readers')
let count = 0

/** Makes a mark; what it returns takes it off. A reader that may not write here goes without. */
export function putMark(dataDir: string): () => void {
  const path = join(
    folderOf(dataDir),
    `${process.pid}-${Bun.hash(crypto.randomUUID()).toString(36)}-${++count}`,
  )
  try {
    writeMark(path, dataDir)
  } catch {
    return () => {}
  }
  return () => takeOff(path)
}

function writeMark(path: string, dataDir: string): void {
  try {
    writeFileSync(path, '', { flag: 'wx', mode: FILE_MODE })
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') throw cause
    // Not `recursive`: a data directory that was removed is not the reader's to make.
    mkdirSync(folderOf(dataDir), { mode: FOLDER_MODE })
    writeFileSync(path, '', { flag: 'wx', mode: FILE_MODE })
  }
}

/** The marks that are there. */
export function readMarks(dataDir: string): ReadonlySet<string> {
  try {
    return new Set(readdirSync(folderOf(dataDir)))
  } catch {
    return new Set()
  }
}

/** Of a reader that was killed. */
export const removeMark = (dataDir: string, name: string): void => takeOff(join(folderOf(dataDir), name))

function takeOff(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // It is gone already.
  }
}
