/**
 * Lines of Memcached (memcached, doc/protocol.txt), each with CRLF at its end; LF alone is accepted:
 *
 *     set|add|replace|append|prepend key flags exptime bytes [noreply]   and the value;   cas: … bytes unique [noreply]
 *     get|gets key…    gat|gats exptime key…                             VALUE key flags bytes [unique], the value; END
 *     delete key    incr|decr key n    touch key exptime    [noreply]    DELETED, NOT_FOUND, TOUCHED, a number
 *     mg|md|ma|me key flag…   ms key bytes flag…, the value   mn         HD flag…, VA bytes flag…, the value, EN, NF, NS, EX, MN
 *     stats [what]                                                       STAT name value…; END
 *     flush_all, version, verbosity, slabs, lru, lru_crawler, watch, …   OK, VERSION …
 *     ERROR    CLIENT_ERROR text    SERVER_ERROR text                    in place of any answer
 */
import { latin1 } from '../lib/bytes'
import type { Form } from './exchange'

/** A line with many keys is long. */
export const MAX_LINE = 64 << 10
export const LF = 10
export const CR = 13

const MAX_KEY = 250
/** No server takes longer values: `-I` has 1 GiB at most. */
const MAX_VALUE = 1 << 30
/** Keys that are kept of one command. */
const MAX_KEYS = 100
/** Bytes of them, and of the rest of a line. */
const MAX_SHOWN = 1024

type Kind = 'store' | 'get' | 'touch-get' | 'key' | 'meta' | 'other'

const KINDS: Readonly<Record<string, Kind>> = {
  ...kinds('store', 'set add replace append prepend cas'),
  ...kinds('get', 'get gets'),
  ...kinds('touch-get', 'gat gats'),
  ...kinds('key', 'delete incr decr touch'),
  ...kinds('meta', 'mg ms md ma me mn'),
  ...kinds(
    'other',
    'stats flush_all version verbosity quit slabs lru lru_crawler watch cache_memlimit config shutdown misbehave extstore refresh_certs debugtime',
  ),
}

function kinds(kind: Kind, names: string): Record<string, Kind> {
  return Object.fromEntries(names.split(' ').map((name) => [name, kind]))
}

export interface CommandLine {
  readonly form: Form
  readonly cmd: string
  readonly keys: readonly string[]
  readonly moreKeys: number
  readonly args: string
  /** Bytes of the value behind it; -1: there is none. */
  readonly size: number
  readonly isLookup: boolean
  /** 'none': it has no answer. 'quiet': it has one in some cases only. */
  readonly answer: 'one' | 'none' | 'quiet'
  /** The token that a meta command's answer repeats. */
  readonly opaque: string | undefined
}

const WORD = /^[a-z_]{2,16}/
// biome-ignore lint/suspicious/noControlCharactersInRegex: a line with them is none
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/

/** Reads the line bytes[start..end), without its line break; undefined: it is no command. */
export function commandIn(bytes: Uint8Array, start: number, end: number): CommandLine | undefined {
  const word = WORD.exec(latin1(bytes, start, Math.min(end, start + 20)))?.[0]
  const kind = word === undefined ? undefined : KINDS[word]
  if (word === undefined || kind === undefined) return undefined
  const text = latin1(bytes, start + word.length, end)
  if ((text !== '' && text[0] !== ' ') || CONTROL.test(text)) return undefined
  const parts = text.split(' ').filter((part) => part !== '')
  return READERS[kind](word, parts)
}

const isNumber = (text: string | undefined): boolean => text !== undefined && /^\d{1,20}$/.test(text)
const isTime = (text: string | undefined): boolean => text !== undefined && /^-?\d{1,10}$/.test(text)
const isKey = (text: string | undefined): boolean =>
  text !== undefined && text.length > 0 && text.length <= MAX_KEY

const sizeIn = (text: string | undefined): number =>
  isNumber(text) && Number(text) <= MAX_VALUE ? Number(text) : -1

type Reader = (cmd: string, parts: readonly string[]) => CommandLine | undefined

const NO_KEYS: readonly string[] = []

const line = (cmd: string, more: Partial<CommandLine>): CommandLine => ({
  form: 'text',
  cmd,
  keys: NO_KEYS,
  moreKeys: 0,
  args: '',
  size: -1,
  isLookup: false,
  answer: 'one',
  opaque: undefined,
  ...more,
})

const shown = (parts: readonly string[]): string => parts.join(' ').slice(0, MAX_SHOWN)

/** The last part may say that no answer is wanted. */
function withoutNoreply(parts: readonly string[]) {
  const isSilent = parts.at(-1) === 'noreply'
  return { rest: isSilent ? parts.slice(0, -1) : parts, answer: isSilent ? 'none' : 'one' } as const
}

const READERS: Readonly<Record<Kind, Reader>> = {
  store: (cmd, parts) => {
    const { rest, answer } = withoutNoreply(parts)
    const [key, flags, time, bytes, unique, more] = rest
    const size = sizeIn(bytes)
    if (!isKey(key) || !isNumber(flags) || !isTime(time) || size < 0 || more !== undefined) return undefined
    if (isNumber(unique) !== (cmd === 'cas')) return undefined
    return line(cmd, { keys: [key!], args: shown(parts.slice(1)), size, answer })
  },
  get: (cmd, parts) => (parts.every(isKey) && parts.length > 0 ? lookup(cmd, parts, '') : undefined),
  'touch-get': (cmd, [time, ...keys]) =>
    isTime(time) && keys.length > 0 && keys.every(isKey) ? lookup(cmd, keys, time!) : undefined,
  key: (cmd, parts) => {
    const { rest, answer } = withoutNoreply(parts)
    const [key, value, more] = rest
    const isRight =
      cmd === 'delete' ? value === undefined || isNumber(value) : isTime(value) || isNumber(value)
    if (!isKey(key) || !isRight || more !== undefined) return undefined
    return line(cmd, { keys: [key!], args: shown(parts.slice(1)), answer })
  },
  meta,
  other: (cmd, parts) => {
    const answer = cmd === 'quit' || cmd === 'shutdown' ? 'none' : withoutNoreply(parts).answer
    return parts.length <= 8 ? line(cmd, { args: shown(parts), answer }) : undefined
  },
}

function lookup(cmd: string, parts: readonly string[], args: string): CommandLine {
  let bytes = 0
  const keys: string[] = []
  for (const key of parts) {
    bytes += key.length
    if (keys.length >= MAX_KEYS || (bytes > MAX_SHOWN && keys.length > 0)) break
    keys.push(key)
  }
  return line(cmd, { keys, moreKeys: parts.length - keys.length, args, isLookup: true })
}

const FLAG = /^[A-Za-z]\S*$/

function meta(cmd: string, parts: readonly string[]): CommandLine | undefined {
  if (cmd === 'mn') return parts.length === 0 ? line(cmd, { form: 'meta' }) : undefined
  const [key, ...behind] = parts
  const flags = cmd === 'ms' ? behind.slice(1) : behind
  const size = cmd === 'ms' ? sizeIn(behind[0]?.replace(/^S/, '')) : -1
  if (!isKey(key) || !flags.every((flag) => FLAG.test(flag)) || (cmd === 'ms' && size < 0)) return undefined
  return line(cmd, {
    form: 'meta',
    keys: [key!],
    args: shown(behind),
    size,
    isLookup: cmd === 'mg',
    answer: flags.includes('q') ? 'quiet' : 'one',
    opaque: flags.find((flag) => flag[0] === 'O')?.slice(1),
  })
}

// ── Answers ──────────────────────────────────────────────────────────────────

export interface AnswerLine {
  /** The first word, as far as it is one of those that are known; '' for a number. */
  readonly word: string
  readonly text: string
  /** `value`: a value follows, and further lines. `one-value`: it ends with the value. `more`: further lines. */
  readonly kind: 'value' | 'one-value' | 'more' | 'last'
  readonly size: number
  readonly key: string | undefined
  readonly opaque: string | undefined
}

const LAST =
  /^(?:STORED|NOT_STORED|EXISTS|NOT_FOUND|DELETED|TOUCHED|OK|END|RESET|BUSY|BADCLASS|NOSPARE|NOTFULL|UNSAFE|SAME|ERROR|MN|EN|NOTFOUND|ACCEPTED)$|^(?:VERSION|CLIENT_ERROR|SERVER_ERROR|ERROR|BUSY|BADCLASS|NOSPARE|NOTFULL|UNSAFE|SAME|ME) .*$|^\d{1,20} *$/
const META = /^(?:HD|NS|EX|NF)((?: [A-Za-z]\S*)*) ?$/
const META_VALUE = /^VA (\d{1,10})((?: [A-Za-z]\S*)*) ?$/
const VALUE = /^(?:VALUE|CONFIG) (\S{1,250}) \d{1,10} (\d{1,10})(?: \d{1,20})?$/
const MORE = /^(?:STAT|ITEM) \S.*$|^key=\S+ .*$/

/** Reads the line bytes[start..end), without its line break; undefined: it is none of a server. */
export function answerIn(bytes: Uint8Array, start: number, end: number): AnswerLine | undefined {
  const text = latin1(bytes, start, Math.min(end, start + MAX_SHOWN))
  if (CONTROL.test(text)) return undefined
  const found = { word: /^[A-Z_]+/.exec(text)?.[0] ?? '', text, size: -1, key: undefined, opaque: undefined }
  if (LAST.test(text)) return { ...found, kind: 'last' }
  const value = VALUE.exec(text)
  if (value) return sized({ ...found, kind: 'value', key: value[1], size: Number(value[2]) })
  const meta = META_VALUE.exec(text)
  if (meta) return sized({ ...found, kind: 'one-value', size: Number(meta[1]), ...flagsIn(meta[2]!) })
  const flags = META.exec(text)
  if (flags) return { ...found, kind: 'last', ...flagsIn(flags[1]!) }
  return MORE.test(text) ? { ...found, kind: 'more' } : undefined
}

const sized = (line: AnswerLine): AnswerLine | undefined => (line.size <= MAX_VALUE ? line : undefined)

function flagsIn(text: string) {
  const flags = text.split(' ')
  const of = (letter: string) => flags.find((flag) => flag[0] === letter)?.slice(1)
  return { key: of('k'), opaque: of('O') }
}

/** The end of the line before the line break whose line feed is at `lf`. */
export const lineEnd = (bytes: Uint8Array, start: number, lf: number): number =>
  lf > start && bytes[lf - 1] === CR ? lf - 1 : lf
