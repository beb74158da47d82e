/** Whether the process may still open files. A thread that is begun without ends the whole process: the runtime can't open its code. */
import { closeSync, openSync } from 'node:fs'

/** What a thread opens until it runs, and some more. */
const OF_A_THREAD = 16

export function canBeginThread(): boolean {
  const opened: number[] = []
  try {
    while (opened.length < OF_A_THREAD) opened.push(openSync('/dev/null', 'r'))
    return true
  } catch {
    return false
  } finally {
    for (const descriptor of opened) closeSync(descriptor)
  }
}
