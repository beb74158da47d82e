/**
 * Which bytes are MQTT. A CONNECT names its protocol. On a connection older than Nixie a SUBSCRIBE or PUBLISH that comes whole, with a
 * topic in plain letters, is likely one.
 */
import type { Head, Recognition, Side } from '../protocol'
import { Cursor } from './cursor'
import { CONNECT, HEAD_BYTES, isSaidBy, lengthAt, PUBLISH, SUBSCRIBE, varint } from './packet'

const PORTS: ReadonlySet<number> = new Set([1883, 8883])
/** Length, name and version of a CONNECT; MQTT 3.1 has another name. */
const NAMES = ['\0\x04MQTT', '\0\x06MQIsdp']
/** A longer packet is not waited for away from the ports of MQTT. */
const MAX_WAITED = 4096
const TOPIC = /^[\x21-\x7e][\x20-\x7e]*$/

export function recognise(head: Head): Recognition {
  const { bytes } = head
  if (bytes.length === 0) return 'need-more'
  const type = bytes[0]! >> 4
  if (type === CONNECT) return asConnect(bytes)
  if (type !== PUBLISH && type !== SUBSCRIBE) return 'no'
  const length = lengthAt(bytes, 0, bytes.length)
  if (length === undefined) return 'need-more'
  if (length === 0) return 'no'
  const topic = topicAt(bytes, Math.min(length, bytes.length), type)
  if (topic === undefined) return mayBecome(bytes, length, type) ? 'need-more' : 'no'
  // A single short word may be anything.
  const isOnPort = PORTS.has(head.ownPort) || PORTS.has(head.peerPort)
  if (!TOPIC.test(topic) || !(isOnPort || topic.includes('/'))) return 'no'
  if (bytes.length < length && !isOnPort) return length <= MAX_WAITED ? 'need-more' : 'no'
  return chains(bytes, length) ? { side: sideOf(head, type), sure: false } : 'no'
}

/** Whether the topic, as far as it is there, is within the packet and in plain letters. */
function mayBecome(bytes: Uint8Array, length: number, type: number): boolean {
  const head = varint(bytes, 1, bytes.length)
  if (!head) return true
  const from = head.next + (type === SUBSCRIBE ? 2 : 0)
  if (bytes.length < from + 2) return bytes.length < from + 1 || bytes[from]! <= 1
  const topicEnd = from + 2 + ((bytes[from]! << 8) | bytes[from + 1]!)
  return (
    topicEnd <= length &&
    bytes.length < topicEnd &&
    bytes.subarray(from + 2).every((byte) => byte > 0x1f && byte < 0x7f)
  )
}

function asConnect(bytes: Uint8Array): Recognition {
  if (bytes[0] !== CONNECT << 4) return 'no'
  const length = varint(bytes, 1, Math.min(bytes.length, 5))
  if (!length) return bytes.length < 5 ? 'need-more' : 'no'
  const said = Buffer.from(bytes.subarray(length.next, length.next + 9)).toString('latin1')
  for (const name of NAMES) {
    if (said.startsWith(name) && length.value >= 10) return { side: 'client', sure: true }
    if (name.startsWith(said)) return 'need-more'
  }
  return 'no'
}

/** Behind it comes another packet, or nothing. */
function chains(bytes: Uint8Array, at: number): boolean {
  return bytes.length <= at || lengthAt(bytes, at, bytes.length) !== 0
}

function topicAt(bytes: Uint8Array, length: number, type: number): string | undefined {
  const from = varint(bytes, 1, length)!.next
  if (type === PUBLISH) return new Cursor(bytes, from, length).text()
  const filter = new Cursor(bytes, from + 2, length).text()
  // Without a filter there, properties of MQTT 5 stand before it.
  if (filter !== '') return filter
  const cursor = new Cursor(bytes, from + 2, length)
  const properties = cursor.varint() ?? 0
  cursor.at += properties
  return cursor.text()
}

function sideOf({ from, ownPort, peerPort }: Head, type: number): Side {
  if (type === SUBSCRIBE) return 'client'
  return from ?? (PORTS.has(ownPort) || ownPort < peerPort ? 'server' : 'client')
}

/** The first offset ≥ `from` where a packet of this side lies whole, and another one, or nothing, behind it; or -1. */
export function boundary(side: Side, bytes: Uint8Array, from: number): number {
  for (let at = from; at + HEAD_BYTES <= bytes.length; at++) {
    const type = bytes[at]! >> 4
    if (!isSaidBy(side, type)) continue
    const length = lengthAt(bytes, at, bytes.length) ?? 0
    if (length === 0 || at + length > bytes.length || !chains(bytes, at + length)) continue
    if (type !== PUBLISH && type !== SUBSCRIBE) {
      // So short a packet is in many payloads: only at the end, or with another behind it that has a topic.
      if (at + length === bytes.length) return at
      continue
    }
    const topic = topicAt(bytes.subarray(at), length, type)
    if (topic !== undefined && TOPIC.test(topic)) return at
  }
  return -1
}
