/** Decoding: every field of a record, at an offset that is not the buffer's start. */
import { expect, test } from 'bun:test'
import {
  decodeListening,
  PROCESS_EVENT,
  PROCESS_EVENT_BYTES,
  PROCESS_EXEC,
  RingProcessEvent,
} from '../../src/events/identity'

function record(parts: readonly [cgroups: string, exe: string, args: string]) {
  const at = 16
  const buffer = new ArrayBuffer(512)
  const view = new DataView(buffer)
  view.setBigUint64(at + PROCESS_EVENT.start_ticks, 2n ** 33n, true)
  view.setBigUint64(at + PROCESS_EVENT.parent_start_ticks, 5n, true)
  view.setUint32(at + PROCESS_EVENT.pid, 4_000_000, true)
  view.setUint32(at + PROCESS_EVENT.parent_pid, 3, true)
  view.setUint16(at + PROCESS_EVENT.kind, PROCESS_EXEC, true)
  const lengths = [PROCESS_EVENT.cgroup_bytes, PROCESS_EVENT.exe_bytes, PROCESS_EVENT.args_bytes]
  for (const [i, field] of lengths.entries()) view.setUint16(at + field, Buffer.byteLength(parts[i]!), true)
  new Uint8Array(buffer).set(Buffer.from('h\u00fbte\0'), at + PROCESS_EVENT.comm)
  new Uint8Array(buffer).set(Buffer.from(parts.join('')), at + PROCESS_EVENT_BYTES)
  return { buffer, event: new RingProcessEvent(buffer).at(at) }
}

test('a record is read as it was written, and its parts outlive it', () => {
  const { buffer, event } = record(['a.scope\0b.slice\0\0', '/bin/c\0', 'c\0d e\0'])
  const { kind, pid, startTicks, parentPid, parentStartTicks, comm } = event
  expect({ kind, pid, startTicks, parentPid, parentStartTicks, comm }).toEqual({
    kind: PROCESS_EXEC,
    pid: 4_000_000,
    startTicks: 2 ** 33,
    parentPid: 3,
    parentStartTicks: 5,
    comm: 'h\u00fbte',
  })
  const parts = event.parts()!
  new Uint8Array(buffer).fill(0)
  expect([parts.cgroups, parts.exe, parts.args]).toEqual([['/b.slice/a.scope'], '/bin/c', 'c\0d e\0'])
})

test('paths of both versions of cgroups, one, or none; a program that is no path', () => {
  const cgroups = (text: string) => record([text, '', 'x\0']).event.parts()!.cgroups
  expect(cgroups('a\0\0b\0c\0\0')).toEqual(['/a', '/c/b'])
  expect(cgroups('\0b\0\0')).toEqual(['/b'])
  expect(cgroups('a\0\0\0')).toEqual(['/a'])
  expect(cgroups('\0\0')).toEqual([])
  expect(cgroups('')).toEqual([])
  expect(record(['\0', './x\0', '']).event.parts()!.exe).toBe('')
  expect(record(['\0', '/dev/fd/3\0', '']).event.parts()!.exe).toBe('')
  expect(record(['', '', '']).event.parts()).toBeUndefined()
})

test('listening sockets', () => {
  const view = new DataView(new ArrayBuffer(40))
  view.setBigUint64(16, 2n ** 33n, true)
  view.setUint32(24, 7, true)
  view.setUint32(28, 8080, true)
  expect(decodeListening(view.buffer)).toEqual([
    { pid: 0, startTicks: 0, port: 0 },
    { pid: 7, startTicks: 2 ** 33, port: 8080 },
  ])
})
