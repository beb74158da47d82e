/** Executes this program again: with the same arguments and process id, and with another environment or fewer rights. */
import { dlopen, ptr } from 'bun:ffi'
import { readFileSync, readlinkSync } from 'node:fs'

const open = () => dlopen('libc.so.6', { execve: { args: ['ptr', 'ptr', 'ptr'], returns: 'i32' } }).symbols

/** A NULL-terminated array of strings for execve; the buffers must live until the call. */
function strings(values: readonly string[]): {
  readonly array: BigUint64Array
  readonly buffers: readonly Buffer[]
} {
  const buffers = values.map((value) => Buffer.from(`${value}\0`))
  const array = new BigUint64Array(values.length + 1)
  for (const [i, buffer] of buffers.entries()) array[i] = BigInt(ptr(buffer))
  return { array, buffers }
}

/** Its own path, as a shell would show it; an executable that was replaced meanwhile is still at /proc/self/exe. */
function ownPath(): string {
  const path = readlinkSync('/proc/self/exe')
  return path.endsWith(' (deleted)') ? '/proc/self/exe' : path
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Returns, or throws, only when that can't be done. */
export function beginAnew(environment: Environment): void {
  const libc = open()
  const path = Buffer.from(`${ownPath()}\0`)
  const words = strings(readFileSync('/proc/self/cmdline', 'utf8').split('\0').slice(0, -1))
  const variables = strings(Object.entries(environment).map(([name, value]) => `${name}=${value ?? ''}`))
  libc.execve(ptr(path), ptr(words.array), ptr(variables.array))
}
