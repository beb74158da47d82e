/** Features that the built objects need: none newer than Linux 5.8, except guarded ones. */
import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dir, '../..')

/** Helper's number (linux/bpf.h) → the first release that has it. */
const HELPERS: Record<number, readonly [name: string, since: string]> = {
  1: ['map_lookup_elem', '3.19'],
  2: ['map_update_elem', '3.19'],
  3: ['map_delete_elem', '3.19'],
  5: ['ktime_get_ns', '4.1'],
  8: ['get_smp_processor_id', '4.1'],
  14: ['get_current_pid_tgid', '4.2'],
  35: ['get_current_task', '4.8'],
  112: ['probe_read_user', '5.5'],
  113: ['probe_read_kernel', '5.5'],
  115: ['probe_read_kernel_str', '5.5'],
  127: ['seq_write', '5.7'],
  130: ['ringbuf_output', '5.8'],
  131: ['ringbuf_reserve', '5.8'],
  132: ['ringbuf_submit', '5.8'],
  134: ['ringbuf_query', '5.8'],
  // Behind HAVE_TYPED_TASK.
  158: ['get_current_task_btf', '5.11'],
}

/** What the probes at the sockets' tracepoints (6.3) use besides: an older kernel takes the one at the calls' exit. */
const SOCKET_HELPERS: Record<number, readonly [name: string, since: string]> = {
  107: ['sk_storage_get', '5.11 in tracing programs'],
  175: ['task_pt_regs', '5.15'],
  181: ['loop', '5.17'],
}
/** What the probes of TLS libraries (6.6) use besides. */
const TLS_HELPERS: Record<number, readonly [name: string, since: string]> = {
  ...SOCKET_HELPERS,
  156: ['task_storage_get', '5.11'],
  164: ['for_each_map_elem', '5.13'],
  173: ['get_func_ip', '5.15'],
  174: ['get_attach_cookie', '5.15'],
}
const isOfTls = (object: string) => /^tls(_classic|_exit)?\./.test(object)
const isAtSockets = (object: string) => /^socket(_classic)?\./.test(object)

const PROGBITS = 1
const EXECUTABLE = 4
const CALL = 0x85
const LOAD_64 = 0x18
/** Class STX in mode ATOMIC, 32 or 64 bits: adding is the only operation (immediate 0) before 5.12. */
const isAtomic = (code: number) => code === 0xdb || code === 0xc3
/** Instructions of -mcpu=v4 (6.6): byte swap, sign-extending loads, and a far jump. */
const isNew = (code: number) => code === 0xd7 || (code & 0xe7) === 0x81 || code === 0x06

interface Instruction {
  readonly code: number
  readonly source: number
  readonly immediate: number
}

function instructions(path: string): Instruction[] {
  const bytes = readFileSync(path)
  const elf = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const table = Number(elf.getBigUint64(40, true))
  const found: Instruction[] = []
  for (let i = 0; i < elf.getUint16(60, true); i++) {
    const header = table + i * elf.getUint16(58, true)
    const isCode =
      elf.getUint32(header + 4, true) === PROGBITS && (elf.getUint32(header + 8, true) & EXECUTABLE) !== 0
    if (!isCode) continue
    const start = Number(elf.getBigUint64(header + 24, true))
    const end = start + Number(elf.getBigUint64(header + 32, true))
    for (let at = start; at < end; at += 8) {
      const code = elf.getUint8(at)
      found.push({ code, source: elf.getUint8(at + 1) >> 4, immediate: elf.getInt32(at + 4, true) })
      if (code === LOAD_64) at += 8
    }
  }
  return found
}

for (const object of readdirSync(join(root, 'dist/bpf')).filter((name) => name.endsWith('.o'))) {
  test(`helpers and instructions: ${object}`, () => {
    const all = instructions(join(root, 'dist/bpf', object))
    expect(all.length).toBeGreaterThan(100)
    const helpers = all.filter(({ code, source }) => code === CALL && source === 0)
    const more = isAtSockets(object) ? SOCKET_HELPERS : isOfTls(object) ? TLS_HELPERS : {}
    const known = { ...HELPERS, ...more }
    expect([...new Set(helpers.map(({ immediate }) => immediate))].filter((id) => !(id in known))).toEqual([])
    const atomics = all.filter(({ code }) => isAtomic(code))
    expect(atomics.filter(({ immediate }) => immediate !== 0)).toEqual([])
    expect(all.filter(({ code }) => isNew(code))).toEqual([])
  })
}
