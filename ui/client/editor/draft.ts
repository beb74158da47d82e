/** Keeps the typed text over a reload. Each window has its own draft, which ends with the window. */
import { objectIn } from '../../../src/json'

/** What the editor has: a script, and its vis.json or ''. */
export interface Draft {
  readonly text: string
  readonly view: string
}

const KEY = 'nixie-query'

export function remember(draft: Draft): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ...draft, search: location.search }))
  } catch {
    // The storage is full or forbidden. The text is still in the page.
  }
}

/** Undefined when the page's address names another text than the one that the draft was based on. */
export function remembered(form: HTMLFormElement): Draft | undefined {
  try {
    const { text, view, search } = objectIn(sessionStorage.getItem(KEY) ?? '') ?? {}
    if (typeof text !== 'string' || typeof view !== 'string') return undefined
    const isGiven = form.dataset.given !== undefined
    return !isGiven || search === location.search ? { text, view } : undefined
  } catch {
    return undefined
  }
}
