/** Checks indentation as strictly as Python does. The grammar itself is lenient about it. */
import type { SyntaxNode } from '@lezer/common'

/** Columns between two stops of the tabulator, as Python counts. */
const TAB = 8

/** The column in which a statement starts its line; undefined when something else stands before it there. */
function columnOf(text: string, at: number): number | undefined {
  // Backwards over white space only: a line may be long, and have many statements.
  let start = at
  while (start > 0 && ' \t\f'.includes(text[start - 1]!)) start--
  if (start > 0 && text[start - 1] !== '\n' && text[start - 1] !== '\r') return undefined
  let column = 0
  for (let i = start; i < at; i++) {
    if (text[i] === '\t') column += TAB - (column % TAB)
    else if (text[i] === ' ') column++
  }
  return column
}

/** Where the first statement stands that isn't in the column of its block; undefined when all are. */
export function misplaced(top: SyntaxNode, text: string): number | undefined {
  const cursor = top.cursor()
  /** By where the block starts: the column of its first statement. */
  const columns = new Map<number, number>([[-1, 0]])
  do {
    const { parent } = cursor.node
    const isBlock = parent?.name === 'Body' || parent?.name === 'Script'
    if (!isBlock || cursor.name === 'Comment' || cursor.name === ':' || cursor.type.isError) continue
    const column = columnOf(text, cursor.from)
    if (column === undefined) continue
    const block = parent.name === 'Script' ? -1 : parent.from
    const wanted = columns.get(block) ?? column
    columns.set(block, wanted)
    if (column !== wanted) return cursor.from
  } while (cursor.next())
  return undefined
}
