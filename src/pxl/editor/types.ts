/** What an editor is told; the browser's part knows only this file. */

/** A place in the text with what is wrong there. Lines and columns count from 1, columns in UTF-16 units; the end is exclusive. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly hint: string
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
}

export interface CompletionItem {
  readonly label: string
  readonly kind:
    | 'table'
    | 'column'
    | 'function'
    | 'aggregate'
    | 'argument'
    | 'method'
    | 'module'
    | 'key'
    | 'name'
    | 'type'
  /** A data type with its unit, or a signature. */
  readonly type?: string
  /** A sentence, perhaps empty. */
  readonly help: string
  /** What is put in place of `from`…`to`; the label when absent. */
  readonly insert?: string
}

export interface Completion {
  /** Offsets of the text that an item replaces. */
  readonly from: number
  readonly to: number
  readonly items: readonly CompletionItem[]
}
