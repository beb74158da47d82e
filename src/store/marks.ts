/**
 * Marks of readers: a file in `readers/` for each running scan, so that the writer knows which replaced chunks are
 * still read. They are files because readers may be threads of this process or other processes, and may be killed.
 */
import { mkdirSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../errors'
import { FILE_MODE, FOLDER_MODE } from './private'

const folderOf = (dataDir: string) => join(dataDir, 'readers')
let count = 0

/** Makes a mark. The returned function removes it. A reader without the right to write here has no mark. */
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
    // Not `recursive`: a reader must not make a removed data directory again.
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
    // The file is already gone.
  }
}
