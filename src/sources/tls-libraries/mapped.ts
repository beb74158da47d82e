/** Which files processes run: from the kernel's records of new mappings, and from /proc/PID/maps (proc_pid_maps(5)). */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { shortageIn } from './shortage'

/** A file that a process has mapped as code. */
export interface MappedFile {
  readonly pid: number
  /** Device and inode: `MAJOR:MINOR:INODE`. */
  readonly key: string
  /** As the process sees it. */
  readonly path: string
}

/** Of one record, `PID MAJOR MINOR INODE PATH`; undefined for anything else. */
export function mappedIn(record: string): MappedFile | undefined {
  const found = /^(\d+) (\d+) (\d+) (\d+) (.*)$/s.exec(record)
  if (!found) return undefined
  const [, pid, major, minor, inode, path = ''] = found
  return { pid: Number(pid), key: `${major}:${minor}:${inode}`, path }
}

/** Files of the text of /proc/PID/maps that are mapped as code, each once. */
export function codeIn(pid: number, maps: string): MappedFile[] {
  const files = new Map<string, MappedFile>()
  for (const line of maps.matchAll(
    /^[0-9a-f]+-[0-9a-f]+ ..x. [0-9a-f]+ ([0-9a-f]+):([0-9a-f]+) ([1-9]\d*) +(\/.*)$/gm,
  )) {
    const [, major = '', minor = '', inode, path = ''] = line
    const key = `${Number.parseInt(major, 16)}:${Number.parseInt(minor, 16)}:${inode}`
    if (!files.has(key)) files.set(key, { pid, key, path })
  }
  return [...files.values()]
}

/** Of a process's mappings this much is read: a process may have as many as it likes. */
const MAX_MAPS = 1 << 20
const buffer = Buffer.alloc(64 << 10)

/** The files that a process runs; none when it is gone, or may not be looked at. Undefined: there is no descriptor to look by. */
export function codeOf(pid: number): MappedFile[] | undefined {
  let maps = ''
  try {
    const fd = openSync(`/proc/${pid}/maps`, 'r')
    try {
      while (maps.length < MAX_MAPS) {
        const length = readSync(fd, buffer, 0, buffer.length, null)
        if (length === 0) break
        maps += buffer.toString('latin1', 0, length)
      }
    } finally {
      closeSync(fd)
    }
  } catch (cause) {
    // Else it ended meanwhile.
    if (shortageIn(cause)) return undefined
  }
  return codeIn(pid, maps)
}

/** All processes now. */
export const processIds = (): number[] => readdirSync('/proc').map(Number).filter(Number.isInteger)

/** A process's name as the kernel has it; '' when it is gone. */
export function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trimEnd()
  } catch {
    return ''
  }
}
