/**
 * Secrets in texts of any form, by the names in front of them: JSON (also as a string within JSON), queries and forms (also
 * escaped), GraphQL, XML, YAML, multipart/form-data (RFC 7578), `KEY=value`. No grammar is followed: captured texts are cut
 * anywhere. Each character is looked at a bounded number of times.
 */
import { REDACTED } from '../records/redacted'
import { redactColumns } from './columns'
import type { Secret } from './extent'
import { GRANT_TRACES, isGrantTraceAt, redactGrants } from './grants'
import { redactVariables } from './graphql'
import { isWebKeyAt, KEY_TRACES, privateKeyAt, redactWebKeys } from './keys'
import { redactBegunObject, redactSecretObjects } from './kubernetes'
import { addSecretNames, MAX_NAME, secrecyOf } from './names'
import { CODE_TRACES, saidAt, USER_TRACES } from './said'
import { matchAt, redactUserinfo, SCHEME_TRACES, TOKEN_TRACES, tokenAt } from './tokens'
import { Traces } from './traces'
import { secretAt } from './values'

/** What names of secrets have in them; `_` stands for nothing, `_`, `-` or a blank. */
const STEMS =
  'passw pass_word passphrase passcode secret token signature credential authoriz assertion session_id sessid csrf xsrf samlre code_verifier connection_string api_key api.key access_key key_data creds requirepass masterauth api_sign access_sign mnemonic auth_code device_code recovery_code backup_code reset_code verification_code security_code mfa_code kennwort wachtwoord contrasena mot_de_pass motdepass social_security'
    .split(' ')
    .flatMap((stem) =>
      stem.includes('_') ? ['', '_', '-', ' ', '\u00a0'].map((sign) => stem.replace('_', sign)) : [stem],
    )
/** Words of which names end; else they are in too many others (`monkey`, `design`). */
const ENDINGS =
  'pass pwd pw jwt key sig ssn otp totp cvv cvc pin psk auth sid hmac cookie cookies ticket session bearer'.split(
    ' ',
  )
const BEHIND_ENDINGS = ['"', "'", '=', ':', '\\', ']', '%', '>']
const endings = ENDINGS.flatMap((word) => BEHIND_ENDINGS.map((behind) => word + behind))
/** Of INI files and SQL. */
const OTHERS = ['pass =', 'pwd =', 'pw =', 'x-auth:', 'identified by', 'identified with', 'identified via']

let traces: Traces

function lookFor(more: readonly string[]): void {
  traces = new Traces(
    [
      ...STEMS,
      ...OTHERS,
      ...more,
      ...endings,
      ...SCHEME_TRACES,
      ...GRANT_TRACES,
      ...CODE_TRACES,
      ...USER_TRACES,
    ],
    [...TOKEN_TRACES, ...KEY_TRACES],
  )
}
lookFor([])

/** The parts of a name that is given by the user which texts are searched for. */
const LITERAL = /[A-Za-z0-9]{3,}/g

/** The longest part of a name's shape; '' when it is too short to be searched for. */
export function literalOf(shape: string): string {
  const parts = shape.match(LITERAL) ?? []
  return parts.reduce((longest, part) => (part.length > longest.length ? part : longest), '')
}

/** Names of secrets beside those that are known by their shape: `--redact-extra`. For all that runs in this thread. */
export function redactAlso(shapes: readonly string[]): void {
  addSecretNames(shapes)
  lookFor(shapes.map(literalOf))
}

/** The same text, `[redacted]` in the place of secrets. */
export function redactText(text: string): string {
  const first = traces.find(text, 0)
  const objects = first < 0 ? redactBegunObject(text) : redactSecretObjects(redactFrom(text, first))
  const safe = redactUserinfo(objects)
  return safe.includes('\\u00') ? safe.replace(ESCAPED_NAME, redactEscapedName) : safe
}

function redactFrom(text: string, first: number): string {
  let safe = ''
  let done = 0
  let isWebKey = false
  let mayBeGrant = false
  for (let at = first; at >= 0; ) {
    if (isWebKeyAt(text, at)) isWebKey = true
    if (isGrantTraceAt(text, at)) mayBeGrant = true
    const secret = tokenAt(text, at) ?? privateKeyAt(text, at) ?? saidAt(text, at) ?? namedAt(text, at, done)
    // One in front of its name may be replaced already.
    if (secret && secret.start >= done) {
      safe += text.slice(done, secret.start) + (secret.instead ?? REDACTED)
      done = secret.end
    }
    at = traces.find(text, Math.max(at + 1, done))
  }
  safe = redactColumns(redactVariables(text, safe + text.slice(done)))
  if (isWebKey) safe = redactWebKeys(safe)
  return mayBeGrant ? redactGrants(safe) : safe
}

/** A name in JSON with letters written as their numbers (RFC 8259 §7), and its value. */
const ESCAPED_NAME =
  /"([^"\\]{0,64}\\u00[4-7][0-9a-f](?:[^"\\]|\\u00[0-9a-f]{2}){0,64})"(\s{0,8}:\s{0,8})"((?:[^"\\]|\\.)*)"?/gi

function redactEscapedName(all: string, written: string, sign: string): string {
  const name = written.replace(/\\u00([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return secrecyOf(name) === 'always' ? `"${written}"${sign}"${REDACTED}"` : all
}

// ── Values behind their names ────────────────────────────────────────────────

/** Letters that names are made of; others end one. */
const isNameLetter = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) ||
  (code >= 0x41 && code <= 0x5a) ||
  (code >= 0x61 && code <= 0x7a) ||
  code === 0x2d ||
  code === 0x2e ||
  code === 0x5f

/** Dots stand for what can't be printed. */
function wordEnd(text: string, at: number): number {
  const dot = text.indexOf('.', at)
  return dot < 0 ? text.length : dot
}

/** The value of the name that has the letter at `at`, and begins at `from` or behind it. */
function namedAt(text: string, at: number, from: number): Secret | undefined {
  let start = at
  let end = at
  const least = Math.max(from, at - MAX_NAME)
  const most = at + MAX_NAME
  while (start > least && isNameLetter(text.charCodeAt(start - 1))) start--
  while (end < most && isNameLetter(text.charCodeAt(end))) end++
  if (end - start > MAX_NAME) return undefined
  if (text.startsWith('<binary ')) end = Math.min(end, wordEnd(text, at))
  // The rest of an escape is no part of the name: `x%5Bpw`.
  if (text.charCodeAt(start - 1) === 0x25) start = Math.min(start + 2, at)
  const [first, last] = inQuotes(text, start, end) ?? [start, end]
  return secretAt(text, first, last)
}

const BLANK = '[\\s\\u00ad\\u200b-\\u200d\\u2060]'
const WORDS_BEFORE = new RegExp(`(["'])${BLANK}{0,4}(?:[\\w.-]{1,32}${BLANK}{1,4}){0,2}$`)
const WORDS_BEHIND = new RegExp(`((?:${BLANK}{1,4}[\\w.-]{1,32}){0,2}${BLANK}{0,4})["'] {0,4}:`, 'y')
const MOST_BEFORE = 80

/** Of a name in quotes that has blanks within or behind it, all of it. */
function inQuotes(text: string, start: number, end: number): readonly [number, number] | undefined {
  const behind = matchAt(WORDS_BEHIND, text, end)
  if (!behind) return undefined
  const before = WORDS_BEFORE.exec(text.slice(Math.max(0, start - MOST_BEFORE), start))
  if (!before || before[0].length - 1 + behind[1]!.length === 0) return undefined
  return [start - before[0].length + 1, end + behind[1]!.length]
}
