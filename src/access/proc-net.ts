/** /proc/net/tcp and tcp6 (proc(5)): the same tables as text, read as a whole. For kernels without sock_diag. */
import { readFileSync } from 'node:fs'
import type { End, Socket } from './sockets'

/** Each 32-bit word of an address stands there in the byte order of the machine, which is little-endian here. */
function endOf(text: string): End {
  const [hex = '', port = ''] = text.split(':')
  const words = hex.match(/.{8}/g) ?? []
  const bytes = words.flatMap((word) =>
    word
      .match(/../g)!
      .reverse()
      .map((byte) => Number.parseInt(byte, 16)),
  )
  const address = bytes.length === 4 ? [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes] : bytes
  return { address: Uint8Array.from(address), port: Number.parseInt(port, 16) }
}

const portText = (port: number) => `:${port.toString(16).toUpperCase().padStart(4, '0')}`

/** Lines of a table whose sockets have these ports. */
export function socketsOf(table: string, localPort: number, remotePort: number): Socket[] {
  const [local, remote] = [portText(localPort), portText(remotePort)]
  return table.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    if (!fields[1]?.endsWith(local) || !fields[2]?.endsWith(remote)) return []
    const [, localText, remoteText, state, , , , uid, , inode] = fields
    return {
      local: endOf(localText!),
      remote: endOf(remoteText!),
      state: Number.parseInt(state!, 16),
      uid: Number(uid),
      inode: Number(inode),
    }
  })
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** All sockets of this network namespace with these ports. */
export const readSockets = (localPort: number, remotePort: number): Socket[] =>
  ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => socketsOf(read(path), localPort, remotePort))
