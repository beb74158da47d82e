/**
 * Regular expressions in RE2's syntax. RE2JS runs them in time linear in the text: captured data meets patterns of
 * users here, and a backtracking engine could be made to run for ever.
 */
import { RE2JS, RE2JSException } from 're2js'
import { NixieError } from '../../../errors'
import { LONGEST_TEXT, tooLong } from '../base/bounds'
import { type FunctionContext, type FunctionSpec, type ScalarValue, scalar } from '../base/function'
import { none } from '../base/units'

const LONGEST_PATTERN = 4096
/** Instructions of one expression: `a{1000}` are a thousand. */
const MOST_INSTRUCTIONS = 10_000
/** Expressions are kept while they have no more instructions than this together. */
const KEPT_INSTRUCTIONS = 50_000

const compiled = new Map<string, RE2JS>()
let kept = 0

/** As in Pixie: if the whole text must match, `.` matches any character; in a search it matches no line break. */
type Flags = 0 | typeof RE2JS.DOTALL

function compile(pattern: string, flags: Flags): RE2JS {
  const key = `${flags} ${pattern}`
  const known = compiled.get(key)
  if (known) return known
  if (pattern.length > LONGEST_PATTERN)
    throw refused(`It has ${pattern.length} characters`, 'Make it shorter.')
  const size = unfolded(pattern)
  if (size > MOST_INSTRUCTIONS)
    throw refused('It unfolds to too much', 'Repeat less: {1000} is a thousand copies.')
  const regex = compiledAnew(pattern, flags)
  if (kept + size > KEPT_INSTRUCTIONS) {
    compiled.clear()
    kept = 0
  }
  kept += size
  compiled.set(key, regex)
  return regex
}

/** An escape, a class, a repetition, a bracket or any other character: enough to count by. */
const PART =
  /\\Q[\s\S]*?(?:\\E|$)|\\[\s\S]|\[\^?\]?(?:\\[\s\S]|\[:\^?\w+:\]|[^\]\\])*\]?|\{(\d+)(?:,(\d*))?\}|[\s\S]/g

/** About the instructions of an expression, before it is compiled: `(ab{10}){10}` are 110. */
function unfolded(pattern: string): number {
  const outer: number[] = []
  let size = 0
  let last = 0
  for (const [part, least, most] of pattern.matchAll(PART)) {
    if (part === '(') {
      outer.push(size)
      size = 0
      last = 0
    } else if (part === ')' && outer.length > 0) {
      last = size + 2
      size = outer.pop()! + last
    } else if (least !== undefined) {
      const copies = Math.max(Number(least), Number(most ?? 0), 1)
      size += last * (copies - 1)
      last *= copies
    } else {
      last = part.startsWith('\\Q') ? part.length : 1
      size += last
    }
  }
  return outer.reduce((sum, one) => sum + one, size)
}

const refused = (why: string, hint: string) =>
  new NixieError('bad_request', `This is no regular expression that can be used: ${why}`, hint)

function compiledAnew(pattern: string, flags: Flags): RE2JS {
  try {
    return RE2JS.compile(pattern, flags)
  } catch (cause) {
    if (!(cause instanceof RE2JSException)) throw cause
    const why = cause.message.replace(/^error parsing regexp: /, '').replace('`(?s)', '`')
    throw refused(why, "Regular expressions are RE2's: no look-around, no back-references.")
  }
}

const REFERENCE = /\\([0-9\\])/g

/** The expression, when it has all groups that the replacement names. */
function compileReplace(pattern: string, replacement: string): RE2JS {
  if (replacement.length > LONGEST_PATTERN) {
    throw new NixieError(
      'bad_request',
      `A replacement of ${replacement.length} characters`,
      'Make it shorter.',
    )
  }
  const regex = compile(pattern, 0)
  const groups = regex.groupCount()
  for (const [reference, group] of replacement.matchAll(REFERENCE)) {
    if (group === '\\' || Number(group) <= groups) continue
    const message = `The replacement names the group ${reference}, but the expression has ${groups}`
    throw new NixieError('bad_request', message, 'Groups are in ( ), and \\1 is the first one.')
  }
  return regex
}

/** A replacement as texts and numbers of groups: `\1` … `\9`, `\0` is the match and `\\` a backslash. */
function partsOf(replacement: string): (string | number)[] {
  return replacement
    .split(/(\\[0-9\\])/)
    .map((part, i) => (i % 2 === 0 ? part : part === '\\\\' ? '\\' : Number(part[1])))
}

function replaceAll(pattern: string, text: string, replacement: string, checkpoint: () => void): string {
  const parts = partsOf(replacement)
  let length = text.length
  return compileReplace(pattern, replacement)
    .matcher(text)
    .replaceAll((...groups: unknown[]) => {
      checkpoint()
      const made = parts.map((part) => (typeof part === 'string' ? part : textOf(groups[part])))
      // Counted before it is made: a short text has many matches, and a match may be there many times.
      for (const part of made) length += part.length
      if (length > LONGEST_TEXT) throw tooLong(length)
      return made.join('')
    })
}

/** After the groups come the position and the text, which no reference may reach. */
const textOf = (group: unknown): string => (typeof group === 'string' ? group : '')

/** Name to expression; undefined when the text is no JSON object of texts. */
function rulesOf(rules: string): [name: string, pattern: string][] | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(rules)
  } catch {
    return undefined
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined
  const entries = Object.entries(parsed)
  return entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')
    ? entries
    : undefined
}

/** The first rule `{name: pattern}` whose pattern matches the whole text. */
const matchRule = (rules: string, text: string): string =>
  rulesOf(rules)?.find(([, pattern]) => compile(pattern, RE2JS.DOTALL).testExact(text))?.[0] ?? ''

function checkRules(rules: ScalarValue | undefined): void {
  if (typeof rules !== 'string') return
  const parsed = rulesOf(rules)
  if (!parsed) {
    const hint = `Write '{"name": "regular expression"}', then the text.`
    throw new NixieError('bad_request', 'The rules are not a JSON object of regular expressions', hint)
  }
  for (const [, pattern] of parsed) compile(pattern, RE2JS.DOTALL)
}

export const REGEX: readonly FunctionSpec[] = [
  {
    name: 'regex_match',
    description:
      'Whether the regular expression matches the whole text; a dot is any character, a line break too.',
    unit: none,
    check: ([pattern]) => {
      if (typeof pattern === 'string') compile(pattern, RE2JS.DOTALL)
    },
    overloads: [
      scalar(
        'pattern:STRING text:STRING -> BOOLEAN',
        (context: FunctionContext, pattern: string, text: string) => {
          context.checkpoint()
          return compile(pattern, RE2JS.DOTALL).testExact(text)
        },
      ),
    ],
  },
  {
    name: 'replace',
    description: 'The text with every match of the regular expression replaced; \\1 is its first group.',
    unit: none,
    check: ([pattern, , replacement]) => {
      if (typeof pattern === 'string')
        compileReplace(pattern, typeof replacement === 'string' ? replacement : '')
    },
    overloads: [
      scalar(
        'pattern:STRING text:STRING replacement:STRING -> STRING',
        (context: FunctionContext, pattern: string, text: string, replacement: string) => {
          context.checkpoint()
          return replaceAll(pattern, text, replacement, context.checkpoint)
        },
      ),
    ],
  },
  {
    name: '_match_regex_rule',
    description:
      'The name of the first of some rules (JSON: name to regular expression) that matches the whole text.',
    unit: none,
    check: ([rules]) => checkRules(rules),
    overloads: [
      scalar(
        'rules:STRING text:STRING -> STRING',
        (context: FunctionContext, rules: string, text: string) => {
          context.checkpoint()
          return matchRule(rules, text)
        },
      ),
    ],
  },
]
