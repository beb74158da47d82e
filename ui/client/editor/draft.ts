/** What is being typed survives a reload; a window's own, gone with it. */
import { objectIn } from '../../../src/json'

export interface Draft {
  readonly text: string
  readonly view: string
}

const KEY = 'nixie-query'

export function remember(draft: Draft): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ...draft, search: location.search }))
  } catch {
    // Full or forbidden: the text is in the page still.
  }
}

/** Undefined when the page's address says what to show, and that is not what was typed over. */
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
