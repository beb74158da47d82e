/**
 * Regular expressions in RE2's syntax. RE2JS runs them in time linear in the text: captured data meets patterns of
 * users here, and a backtracking engine could be made to run for ever.
 */
import { RE2JS, RE2JSException } from 're2js'
import { NixieError } from '../../errors'
import { type FunctionContext, type FunctionSpec, scalar } from './function'
import { none } from './units'

const LONGEST_PATTERN = 4096
const KEPT_PATTERNS = 64

const compiled = new Map<string, RE2JS>()

function compile(pattern: string): RE2JS {
  const known = compiled.get(pattern)
  if (known) return known
  if (pattern.length > LONGEST_PATTERN)
    throw new NixieError(
      'bad_request',
      `a regular expression of ${pattern.length} characters`,
      'Make it shorter.',
    )
  try {
    const regex = RE2JS.compile(pattern)
    if (compiled.size >= KEPT_PATTERNS) compiled.delete(compiled.keys().next().value!)
    compiled.set(pattern, regex)
    return regex
  } catch (cause) {
    if (!(cause instanceof RE2JSException)) throw cause
    throw new NixieError(
      'bad_request',
      cause.message,
      "Regular expressions are RE2's: no look-around, no back-references.",
    )
  }
}

/** Every match with `\1` … `\9` as its groups, `\0` as itself and `\\` as a backslash. */
function replaceAll(pattern: string, text: string, replacement: string): string {
  const matcher = compile(pattern).matcher(text)
  return matcher.replaceAll((...groups: (string | undefined)[]) =>
    replacement.replace(/\\([0-9\\])/g, (_, c: string) =>
      c === '\\' ? '\\' : (textOf(groups[Number(c)]) ?? ''),
    ),
  )
}

/** After the groups come the position and the text, which no reference may reach. */
const textOf = (group: unknown) => (typeof group === 'string' ? group : undefined)

/** The first rule `{name: pattern}` whose pattern matches the whole text. */
function matchRule(text: string, rules: string): string {
  let parsed: unknown
  try {
    parsed = JSON.parse(rules)
  } catch {
    return ''
  }
  if (typeof parsed !== 'object' || parsed === null) return ''
  for (const [name, pattern] of Object.entries(parsed))
    if (typeof pattern === 'string' && compile(pattern).testExact(text)) return name
  return ''
}

export const REGEX: readonly FunctionSpec[] = [
  {
    name: 'regex_match',
    description: 'Whether the regular expression matches the whole text.',
    unit: none,
    overloads: [
      scalar(
        'pattern:STRING text:STRING -> BOOLEAN',
        (context: FunctionContext, pattern: string, text: string) => {
          context.checkpoint()
          return compile(pattern).testExact(text)
        },
      ),
    ],
  },
  {
    name: 'replace',
    description: 'The text with every match of the regular expression replaced; \\1 is its first group.',
    unit: none,
    overloads: [
      scalar(
        'pattern:STRING text:STRING replacement:STRING -> STRING',
        (context: FunctionContext, pattern: string, text: string, replacement: string) => {
          context.checkpoint()
          return replaceAll(pattern, text, replacement)
        },
      ),
    ],
  },
  {
    name: '_match_regex_rule',
    description:
      'The name of the first of some rules (JSON: name to regular expression) that matches the text.',
    unit: none,
    overloads: [
      scalar(
        'text:STRING rules:STRING -> STRING',
        (context: FunctionContext, text: string, rules: string) => {
          context.checkpoint()
          return matchRule(text, rules)
        },
      ),
    ],
  },
]
