/** Diagnostics and completion: the server reads PxL, with the parser that runs it. */
import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete'
import { jsonParseLinter } from '@codemirror/lang-json'
import { type Diagnostic, linter } from '@codemirror/lint'
import type { Extension, Text } from '@codemirror/state'
import type {
  CompletionItem,
  Diagnostic as Found,
  Completion as Proposals,
} from '../../../src/pxl/editor/types'

interface Refusal {
  readonly message: string
  readonly hint: string
  readonly line?: number
  readonly column?: number
  readonly file?: string
}

type Answer<T> = { readonly value: T } | { readonly error: Refusal | undefined }

/** A failed request is not an error: the editor still works without help. */
async function ask<T>(path: string, body: unknown, signal?: AbortSignal): Promise<Answer<T>> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal ? { signal } : {}),
    })
    if (response.ok) return { value: (await response.json()) as T }
    return { error: ((await response.json()) as { error?: Refusal }).error }
  } catch {
    return { error: undefined }
  }
}

const checked = (text: string, view: string) =>
  ask<{ diagnostics: readonly Found[] }>('/api/pxl/check', { text, ...(view === '' ? {} : { view }) })

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

/** `spec` gives the text of vis.json: its calls are checked too. */
export const pxlLinter = (spec: () => string): Extension =>
  linter(
    async ({ state: { doc } }) => {
      const text = doc.toString()
      if (text.trim() === '') return []
      const view = spec().trim()
      const answer = await checked(text, view)
      // Errors of the view are shown in the view's editor. The text is then checked without the view.
      const found = 'error' in answer && view !== '' ? await checked(text, '') : answer
      return 'value' in found ? found.value.diagnostics.map((one) => placed(doc, one)) : []
    },
    { delay: 400 },
  )

/** `script` gives the text that the view belongs to. */
export const visLinter = (script: () => string): Extension =>
  linter(
    async (editor) => {
      const { doc } = editor.state
      if (doc.toString().trim() === '') return []
      const broken = jsonParseLinter()(editor)
      if (broken.length > 0) return broken
      const answer = await checked(script(), doc.toString())
      if (!('error' in answer) || !answer.error) return []
      const { message, hint, line = 1, column = 1 } = answer.error
      const from = offsetOf(doc, line, column)
      const word = /^[\w"]+/.exec(doc.sliceString(from, from + 200))?.[0].length ?? 1
      const to = Math.min(from + word, doc.length)
      return [{ from, to, severity: 'error', message: hint ? `${message}\n${hint}` : message }]
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
  const answer = await ask<Proposals>('/api/pxl/complete', { text, offset: context.pos }, abort.signal)
  if (!('value' in answer) || answer.value.items.length === 0) return null
  const found = answer.value
  return { from: found.from, to: found.to, options: found.items.map(option), validFor: /^\w*$/ }
}

export const pxlCompletion: Extension = autocompletion({ override: [complete], icons: false })
