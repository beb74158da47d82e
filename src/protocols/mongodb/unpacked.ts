/** What a message says, whether it is compressed or not. */
import { redactText } from '../lib/redact'
import type { ProtocolSettings } from '../protocol'
import { COMPRESSED_BYTES, COMPRESSORS, compressionAt, contentOf } from './compressed'
import { type IsSecret, JsonText } from './json'
import { CHECKSUM, HEAD_BYTES, i32, OP_COMPRESSED, OP_MSG, OP_QUERY, OP_REPLY } from './message'
import type { Said } from './reading'
import type { Shown } from './request'
import { Walk } from './walk'

/** The content of a message, its head not counted. */
export interface Unpacked {
  readonly opcode: number
  readonly walk: Walk
  /** What is there of it: bytes[start..end). */
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  /** Bytes of it, decompressed. */
  readonly size: number
  readonly compression: string
  /** It couldn't be decompressed: nothing is known of it, and this is shown. */
  readonly instead: string
  readonly isCut: boolean
}

/** Undefined: such a message can't be. */
export function unpack(said: Said, isAnswer: boolean, settings: ProtocolSettings): Unpacked | undefined {
  const { head, walk, bytes, start, end, isCut } = said
  const plain = { opcode: head.opcode, walk, bytes, start: start + HEAD_BYTES, end, isCut, instead: '' }
  if (head.opcode !== OP_COMPRESSED) return { ...plain, size: head.length - HEAD_BYTES, compression: '' }
  if (end - start < COMPRESSED_BYTES) return { ...plain, size: 0, compression: '', instead: '<compressed>' }
  const compression = compressionAt(bytes, start)
  if (!compression) return undefined
  const { size, opcode } = compression
  const name = COMPRESSORS[compression.compressor]!
  const isThere = end - start === head.length
  const packed = bytes.subarray(start + COMPRESSED_BYTES, end)
  const content = isThere ? contentOf(compression, packed, settings.decodeBudget) : undefined
  if (!content) {
    const instead = `<${name} ${head.length - COMPRESSED_BYTES} bytes>`
    return { ...plain, opcode, size, compression: name, instead }
  }
  const inner = new Walk(opcode, size + HEAD_BYTES, isAnswer)
  inner.read(content, 0, HEAD_BYTES, content.length)
  if (inner.isWrong) return undefined
  if (content.length < size) inner.lose(HEAD_BYTES + content.length, size - content.length)
  return {
    opcode,
    walk: inner,
    bytes: content,
    start: 0,
    end: content.length,
    size,
    compression: name,
    instead: '',
    isCut: isCut || inner.isLost,
  }
}

export function shownOf(unpacked: Unpacked, isSecret: IsSecret, settings: ProtocolSettings): Shown {
  const { instead, size, walk, isCut } = unpacked
  const { bodyLimit, redact } = settings
  const text = instead === '' ? textOf(unpacked, bodyLimit, isSecret) : instead
  if (redact && walk.found.text !== '') walk.found.text = redactText(walk.found.text)
  return { text: redact ? redactText(text) : text, size, found: walk.found, isCut: isCut || instead !== '' }
}

function textOf(unpacked: Unpacked, limit: number, isSecret: IsSecret): string {
  const { opcode, bytes, start, end, walk } = unpacked
  const json = new JsonText(bytes, start, end, limit, isSecret)
  if (opcode === OP_MSG) addSections(json, unpacked)
  else if (opcode === OP_QUERY) addDocument(json, bytes.indexOf(0, start + 4) + 9, end)
  else if (opcode === OP_REPLY && walk.found.replied > 0) addDocument(json, start + 20, end)
  return json.text
}

function addDocument(json: JsonText, at: number, end: number): void {
  if (at <= end) json.document(at)
  else json.cut()
}

/** The body, with the documents of the other sections as members of it, in the order of the message. */
function addSections(json: JsonText, { bytes, start, end, size, walk: { flags } }: Unpacked): void {
  const last = start + size - (flags & CHECKSUM ? 4 : 0)
  let at = start + 4
  let sign = ''
  json.add('{')
  while (at < last && !json.isCut) {
    const name = at + 5
    if (name > end) {
      json.cut()
      return
    }
    const next = at + 1 + i32(bytes, at + 1)
    if (bytes[at] !== 0) json.list(name, next, sign)
    else json.members(at + 1, false, 0, sign)
    sign = ','
    at = next
  }
  json.add('}')
}
