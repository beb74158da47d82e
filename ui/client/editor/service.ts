/** Diagnostics and completion: the server reads PxL, with the parser that runs it. */
import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete'
import { type Diagnostic, linter } from '@codemirror/lint'
import type { Extension, Text } from '@codemirror/state'
import type {
  CompletionItem,
  Diagnostic as Found,
  Completion as Proposals,
} from '../../../src/pxl/editor-types'

/** Undefined when the server gives none: an editor without help still edits. */
async function ask<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T | undefined> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal ? { signal } : {}),
    })
    return response.ok ? ((await response.json()) as T) : undefined
  } catch {
    return undefined
  }
}

/** An offset; places beyond the text are its end. */
function offsetOf(doc: Text, line: number, column: number): number {
  const { from, to } = doc.line(Math.max(1, Math.min(line, doc.lines)))
  return Math.min(from + column - 1, to)
}

function placed(doc: Text, { severity, message, hint, line, column, endLine, endColumn }: Found): Diagnostic {
  const from = offsetOf(doc, line, column)
  const to = Math.max(from, offsetOf(doc, endLine, endColumn))
  return { from, to, severity, message: hint ? `${message}\n${hint}` : message }
}

/** `view` gives the text of vis.json: its calls are checked too. */
export const pxlLinter = (view: () => string): Extension =>
  linter(
    async ({ state: { doc } }) => {
      const text = doc.toString()
      if (text.trim() === '') return []
      const spec = view().trim()
      const answer = await ask<{ diagnostics: readonly Found[] }>('/api/pxl/check', {
        text,
        ...(spec === '' ? {} : { view: spec }),
      })
      return (answer?.diagnostics ?? []).map((found) => placed(doc, found))
    },
    { delay: 400 },
  )

const option = ({ label, type, help, insert }: CompletionItem, i: number): Completion => ({
  label,
  // The server's order, among equally good matches.
  boost: -Math.min(i, 98),
  ...(type ? { detail: type } : {}),
  ...(help ? { info: help } : {}),
  ...(insert === undefined ? {} : { apply: insert }),
})

async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  if (!context.explicit && !context.matchBefore(/[\w.'"]$/)) return null
  const abort = new AbortController()
  context.addEventListener('abort', () => abort.abort())
  const text = context.state.doc.toString()
  const found = await ask<Proposals>('/api/pxl/complete', { text, offset: context.pos }, abort.signal)
  if (!found || found.items.length === 0) return null
  return { from: found.from, to: found.to, options: found.items.map(option), validFor: /^\w*$/ }
}

export const pxlCompletion: Extension = autocompletion({ override: [complete], icons: false })
