/**
 * What both ends say before the first command ("Connection Phase"), without what proves who connects:
 *
 *     greeting   0a  version NUL  thread:4  salt:8  00  flags:2  charset:1  status:2  flags:2  …
 *     login      flags:4  largest packet:4  charset:1  00 × 19  MariaDB's flags:4  user NUL  proof  [database NUL]  [plugin NUL]  [attributes]
 *     TLS        the first 32 bytes of a login
 */
import { redactText } from '../lib/redact'
import type { ProtocolSettings } from '../protocol'
import { Fields } from './fields'
import {
  CONNECT_ATTRS,
  CONNECT_WITH_DB,
  PLUGIN_AUTH,
  PLUGIN_AUTH_LENENC,
  PROTOCOL_41,
  SECURE_CONNECTION,
  SSL,
} from './numbers'

const VERSION = 10
const MAX_VERSION = 128
/** Bytes of a login in front of the user's name, which are all of a request for TLS. */
export const FIXED = 32
/** Flags, the largest packet and the character set stand before zeros. */
const BEFORE_ZEROS = 9
const ZEROS = 19
const MAX_ATTRIBUTES = 64

export interface Greeting {
  readonly version: string
  readonly flags: number
}

export function greetingIn(bytes: Uint8Array): Greeting | undefined {
  const fields = new Fields(bytes)
  if (fields.number(1) !== VERSION) return undefined
  const version = fields.terminated()
  if (version.length > MAX_VERSION || !/^\d[\x20-\x7e]*$/.test(version)) return undefined
  fields.skip(4 + 8)
  if (fields.number(1) !== 0) return undefined
  const low = fields.number(2)
  if (fields.isShort) return undefined
  // Older servers say no more.
  fields.skip(3)
  const high = fields.number(2)
  return { version, flags: low | (high << 16) }
}

/** Whether `bytes`, the whole packet of a client or its beginning, may begin a login. */
export function isLogin(bytes: Uint8Array): boolean {
  const fields = new Fields(bytes)
  const flags = fields.number(4)
  fields.skip(5)
  const zeros = fields.take(ZEROS)
  return !fields.isShort && (flags & PROTOCOL_41) !== 0 && zeros.every((byte) => byte === 0)
}

/** Whether fewer bytes than a login has may begin one. */
export const mayBecomeLogin = (bytes: Uint8Array): boolean =>
  (bytes.length < 2 || (bytes[1]! & (PROTOCOL_41 >> 8)) !== 0) &&
  bytes.subarray(BEFORE_ZEROS, BEFORE_ZEROS + ZEROS).every((byte) => byte === 0)

export const asksForTls = (bytes: Uint8Array, size: number): boolean =>
  size === FIXED && isLogin(bytes) && (new Fields(bytes).number(4) & SSL) !== 0

export interface Login {
  readonly flags: number
  readonly database: string
  /** Without the proof. */
  readonly text: string
}

export function loginIn(bytes: Uint8Array, settings: ProtocolSettings): Login {
  const fields = new Fields(bytes)
  const flags = fields.number(4)
  fields.skip(FIXED - 4)
  const user = fields.terminated()
  skipProof(fields, flags)
  const database = (flags & CONNECT_WITH_DB) !== 0 && fields.left > 0 ? fields.terminated() : ''
  return { flags, database, text: textOf(fields, flags, user, database, settings) }
}

function skipProof(fields: Fields, flags: number): void {
  if ((flags & PLUGIN_AUTH_LENENC) !== 0) fields.take(fields.length())
  else if ((flags & SECURE_CONNECTION) !== 0) fields.take(fields.number(1))
  else fields.terminated()
}

/** COM_CHANGE_USER; `flags` are those of the login, if it was seen. */
export function changeIn(
  bytes: Uint8Array,
  flags: number | undefined,
  settings: ProtocolSettings,
): Omit<Login, 'flags'> {
  const fields = new Fields(bytes, 1)
  const user = fields.terminated()
  const known = flags ?? SECURE_CONNECTION | PLUGIN_AUTH
  if ((known & SECURE_CONNECTION) !== 0) fields.take(fields.number(1))
  else fields.terminated()
  const database = fields.left > 0 ? fields.terminated() : ''
  if (fields.left >= 2) fields.skip(2)
  return { database, text: textOf(fields, known, user, database, settings) }
}

function textOf(
  fields: Fields,
  flags: number,
  user: string,
  database: string,
  { redact, bodyLimit }: ProtocolSettings,
): string {
  const plugin = (flags & PLUGIN_AUTH) !== 0 && fields.left > 0 ? fields.terminated() : ''
  const said: Record<string, unknown> = { user }
  if (database !== '') said.database = database
  if (plugin !== '') said.plugin = plugin
  if ((flags & CONNECT_ATTRS) !== 0 && fields.left > 0) {
    const attributes = attributesIn(fields, bodyLimit)
    if (Object.keys(attributes).length > 0) said.attributes = attributes
  }
  const text = JSON.stringify(said)
  return redact ? redactText(text) : text
}

/** Names and values, up to so many bytes of both. */
function attributesIn(fields: Fields, limit: number): Record<string, string> {
  const attributes: Record<string, string> = {}
  const end = Math.min(fields.bytes.length, fields.length() + fields.pos)
  const most = fields.pos + limit
  for (let i = 0; i < MAX_ATTRIBUTES && fields.pos < end && !fields.isShort; i++) {
    const name = fields.text()
    const value = fields.text()
    if (fields.isShort || fields.pos > most) break
    // A name like __proto__ is a property as any.
    Object.defineProperty(attributes, name, { value, enumerable: true, configurable: true })
  }
  return attributes
}
