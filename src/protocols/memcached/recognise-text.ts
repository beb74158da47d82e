/** Is this Memcached's text, and where does a command or an answer begin? */
import { indexOfByte, latin1 } from '../lib/bytes'
import type { Head, Recognition, Side } from '../protocol'
import { answerIn, CR, commandIn, LF, lineEnd, MAX_LINE } from './lines'

const MAX_CANDIDATES = 256
const MAX_FIRST_LINE = 8 << 10

/** Beginnings of lines of servers. */
const ANSWERS =
  'STORED NOT_STORED EXISTS NOT_FOUND DELETED TOUCHED OK END RESET BUSY BADCLASS NOSPARE NOTFULL UNSAFE SAME ERROR CLIENT_ERROR SERVER_ERROR VERSION VALUE CONFIG STAT ITEM MN EN ME HD NS EX NF VA NOTFOUND ACCEPTED key='.split(
    ' ',
  )
/** What no other protocol's servers say. */
const ONLY_ITS = /^(?:NOT_STORED|STORED|STAT pid \d+)$/
/** Commands that tell what it is; others are words of other protocols, too. */
const COMMAND =
  /^(?:set|add|replace|append|prepend|cas|gets?|gats?|delete|incr|decr|touch|m[gsda]|flush_all|version)$/
const COMMANDS =
  'set add replace append prepend cas get gets gat gats delete incr decr touch mg ms md ma me mn stats flush_all version verbosity quit slabs lru lru_crawler watch cache_memlimit config shutdown misbehave extstore refresh_certs debugtime'.split(
    ' ',
  )

/** Whether bytes[start..end), which have no line feed, may be the beginning of a command. */
export function mayBecomeCommand(bytes: Uint8Array, start: number, end: number): boolean {
  const text = latin1(bytes, start, Math.min(end, start + 20))
  const word = /^[a-z_]*/.exec(text)![0]
  if (word.length === text.length) return COMMANDS.some((each) => each.startsWith(word))
  return COMMANDS.includes(word) && /[ \r\n]/.test(text[word.length]!)
}

export function mayBecomeAnswer(bytes: Uint8Array, start: number, end: number): boolean {
  const text = latin1(bytes, start, Math.min(end, start + 20))
  if (/^\d{1,20} *(?:[\r\n]|$)/.test(text)) return true
  const word = /^[A-Za-z_]*=?/.exec(text)![0]
  if (word.length === text.length) return ANSWERS.some((each) => each.startsWith(word))
  return ANSWERS.includes(word)
}

export function recogniseText({ bytes, from, isOpening }: Head): Recognition {
  const lf = indexOfByte(bytes, LF, 0, Math.min(bytes.length, MAX_FIRST_LINE))
  if (lf < 0) {
    const may =
      (from !== 'server' && mayBecomeCommand(bytes, 0, bytes.length)) ||
      (from !== 'client' && mayBecomeAnswer(bytes, 0, bytes.length))
    return may && bytes.length < MAX_FIRST_LINE ? 'need-more' : 'no'
  }
  const end = lineEnd(bytes, 0, lf)
  if (end === lf) return 'no'
  if (from !== 'server') {
    const command = commandIn(bytes, 0, end)
    const isOther = command?.cmd === 'delete' && isNumber(command.keys[0])
    if (command && !isOther && COMMAND.test(command.cmd) && endsRightly(bytes, lf, command.size)) {
      // Its numbers show what it is; a name and a word may be another's command.
      const sure = command.size >= 0 && (command.form === 'text' || from === 'client')
      if (sure || isOpening || command.keys.length > 0)
        return sure || from === 'client' ? { side: 'client', sure } : 'no'
    }
  }
  if (from === 'client') return 'no'
  const answer = answerIn(bytes, 0, end)
  if (!answer) return 'no'
  const isValue = answer.kind === 'value' && endsRightly(bytes, lf, answer.size)
  return isValue || ONLY_ITS.test(answer.text) ? { side: 'server', sure: isValue } : 'no'
}

/** beanstalkd deletes jobs by their numbers. */
const isNumber = (key: string | undefined): boolean => key !== undefined && /^\d+$/.test(key)

/** If the bytes reach to the end of the value, a line break must be there. */
function endsRightly(bytes: Uint8Array, lf: number, size: number): boolean {
  const end = lf + 1 + size
  if (size < 0) return true
  return (end >= bytes.length || bytes[end] === CR) && (end + 1 >= bytes.length || bytes[end + 1] === LF)
}

/** At a line's beginning: a command that stores, or a value. */
export function searchText(bytes: Uint8Array, from: number): number {
  let candidates = 0
  const first = from === 0 ? 0 : indexOfByte(bytes, LF, from - 1, bytes.length) + 1
  if (from > 0 && first === 0) return -1
  for (let at = first; at < bytes.length && candidates < MAX_CANDIDATES; ) {
    const lf = indexOfByte(bytes, LF, at, bytes.length)
    if (lf < 0) return -1
    if (lf - at < MAX_LINE && (mayBecomeCommand(bytes, at, lf) || mayBecomeAnswer(bytes, at, lf))) {
      candidates++
      const end = lineEnd(bytes, at, lf)
      const line = commandIn(bytes, at, end) ?? answerIn(bytes, at, end)
      const isValue = line && line.size >= 0 && !('kind' in line && line.kind !== 'value')
      if (isValue && end < lf && endsRightly(bytes, lf, line.size)) return at
    }
    at = lf + 1
  }
  return -1
}

/** Finds a whole line of this side, or the beginning of one at the end of `bytes`; `from` may be within a line. */
export function boundary(side: Side, bytes: Uint8Array, from: number): number {
  const mayBecome = side === 'client' ? mayBecomeCommand : mayBecomeAnswer
  const read = side === 'client' ? commandIn : answerIn
  let candidates = 0
  for (let at = from; at < bytes.length && candidates < MAX_CANDIDATES; ) {
    const lf = indexOfByte(bytes, LF, at, bytes.length)
    const end = lf < 0 ? bytes.length : lf
    if (end - at < MAX_LINE && mayBecome(bytes, at, end)) {
      // A part of a line may be the end of a longer word.
      if (lf < 0) return at > from ? at : -1
      candidates++
      const line = read(bytes, at, lineEnd(bytes, at, lf))
      if (line && endsRightly(bytes, lf, line.size)) return at
    }
    if (lf < 0) return -1
    at = lf + 1
  }
  return -1
}
