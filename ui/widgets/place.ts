/** The place of a widget and the targets of its links: the page, the result's fragment, other views. */
import type { KnownScripts } from '../format'
import type { ViewState } from '../view-state'

export interface Place {
  readonly scripts: KnownScripts
  readonly page: string
  readonly fragment: string
  readonly state: ViewState
  /** Where the API gives the same result: a path, or `text` for the text in the page's form. */
  readonly download?: string
  /** How far back the view looks, when it has such an argument. */
  readonly start?: string | undefined
  /** The form that holds the state where it may be too long for a URL. */
  readonly form?: string
}
