/** The order of `not`, `and` and `or`: each binds closer than the next. */
import type { Expression } from './syntax'

export type LogicalWord = 'not' | 'and' | 'or'

/** A word with its place, or what stands between words. */
export type LogicalTerm = { readonly word: LogicalWord; readonly at: number } | Expression

/** One expression of a row of terms that has the shape of one: operands with words between and `not` before them. */
export function inOrder(terms: readonly LogicalTerm[]): Expression {
  let next = 0
  const word = (wanted: LogicalWord): number | undefined => {
    const term = terms[next]
    if (!term || !('word' in term) || term.word !== wanted) return undefined
    next++
    return term.at
  }
  const negated = (): Expression => {
    const at = word('not')
    if (at === undefined) return terms[next++] as Expression
    const operand = negated()
    return { at, end: operand.end, kind: 'unary', op: 'not', operand }
  }
  const joined = (op: 'and' | 'or', operand: () => Expression): Expression => {
    let left = operand()
    for (let opAt = word(op); opAt !== undefined; opAt = word(op)) {
      const right = operand()
      left = { at: left.at, end: right.end, kind: 'binary', op, opAt, left, right }
    }
    return left
  }
  return joined('or', () => joined('and', negated))
}
