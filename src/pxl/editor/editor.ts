/** Answers an editor while the user types: errors in the text, and completions at the cursor. Neither function throws. */
import { NixieError } from '../../errors'
import { type ArgumentText, type CompileOptions, callFunction, compile } from '../compile'
import { completeAt } from './complete'
import { trialErrors } from './trial'
import type { Completion, Diagnostic } from './types'

export type { Completion, CompletionItem, Diagnostic } from './types'

/** A call that a view makes. Its errors are shown in the text. */
export interface ViewCall {
  readonly name: string
  readonly args: Readonly<Record<string, ArgumentText>>
}

/**
 * Errors and warnings, by place. With `view` each of its calls is made; without, each function is tried with made-up
 * arguments, and only what doesn't depend on them is reported.
 */
export function check(
  text: string,
  { tables, nowNs, view }: CompileOptions & { readonly view?: readonly ViewCall[] },
): readonly Diagnostic[] {
  const found = new Map<string, Diagnostic>()
  const add = (severity: Diagnostic['severity'], message: string, hint: string, line = 1, column = 1) => {
    const key = `${line}:${column}:${message}`
    if (!found.has(key)) found.set(key, { severity, message, hint, ...span(text, line, column) })
  }
  const attempt = <T>(act: () => T): T | undefined => {
    try {
      return act()
    } catch (cause) {
      const { code, message, hint, line, column } = NixieError.from(cause).shape
      // The error is about a value that the user has not given yet.
      if (code !== 'bad_request') add('error', message, hint, line, column)
      return undefined
    }
  }
  const module = attempt(() => compile(text, { tables, nowNs }))
  if (module) {
    for (const { name, args } of view ?? []) attempt(() => callFunction(module, name, args))
    if (!view) {
      for (const { message, hint, line, column } of trialErrors(text, module)) {
        add('error', message, hint, line, column)
      }
    }
    for (const { message, line, column } of module.warnings) add('warning', message, '', line, column)
  }
  return [...found.values()].sort((a, b) => a.line - b.line || a.column - b.column)
}

/** What can stand at `offset`; the statement around it may be unfinished, others may be wrong. */
export function complete(text: string, offset: number, context: CompileOptions): Completion {
  const at = Math.max(0, Math.min(Math.trunc(offset) || 0, text.length))
  try {
    return completeAt(text, at, context)
  } catch {
    // Any error while analysing an unfinished text: there are no proposals.
    return { from: at, to: at, items: [] }
  }
}

const TOKEN = /[A-Za-z_]\w*(?:\.\w+)*|\d[\w.]*|'[^'\n]*'|"[^"\n]*"|[=!<>]=|\S/y

/** From a place to the end of the word, number, literal or operator that stands there. */
function span(text: string, line: number, column: number) {
  const written = text.split('\n', line)[line - 1] ?? ''
  const start = Math.min(column, written.length + 1)
  TOKEN.lastIndex = start - 1
  const length = TOKEN.exec(written)?.[0].length ?? 0
  return { line, column: start, endLine: line, endColumn: start + length }
}
