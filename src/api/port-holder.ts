/** Which process listens on a TCP port of this machine (proc(5): /proc/net/tcp, /proc/PID/fd). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const LISTEN = '0A'
const LONGEST_COMMAND = 120

const lines = (path: string): string[] => {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(1)
  } catch {
    return []
  }
}

function listeningInodes(port: number): ReadonlySet<string> {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const fields = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(lines).map((line) => line.trim().split(/\s+/))
  return new Set(fields.flatMap((f) => (f[3] === LISTEN && f[1]?.endsWith(end) ? [`socket:[${f[9]}]`] : [])))
}

function holds(pid: string, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`))
      } catch {
        return false
      }
    })
  } catch {
    // Another user's, or gone.
    return false
  }
}

/** `process 4242: node api.js`; undefined when this user may not see it. */
export function portHolder(port: number): string | undefined {
  const sockets = listeningInodes(port)
  if (sockets.size === 0) return undefined
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && holds(name, sockets))
  if (pid === undefined) return undefined
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return `process ${pid}: ${command.slice(0, LONGEST_COMMAND)}`
  } catch {
    return `process ${pid}`
  }
}
