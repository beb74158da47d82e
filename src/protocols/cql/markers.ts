/** Which columns the values of a statement are for, where only its text tells: `a = ?`, `(a, b) VALUES (?, ?)`, `a IN (?, ?)`, `:a`. */

const TOKENS =
  /'(?:[^']|'')*'?|\$\$[\s\S]*?(?:\$\$|$)|\/\*[\s\S]*?(?:\*\/|$)|--.*|\/\/.*|"(?:[^"]|"")*"?|:?\w+|[?(),=<>[\]]/g
const WORD = /^[\w"]/
/** Longer statements aren't looked at. */
const LONGEST = 64 << 10

/** What stands between two brackets: names of columns, their values, or what is all for one column. */
interface List {
  readonly kind: 'columns' | 'values' | 'one'
  readonly name: string
  place: number
}

/** The name for each `?` or `:name` of the text, '' where none is known. */
export function markerNames(statement: string): readonly string[] {
  const names: string[] = []
  const lists: List[] = []
  let columns: string[] = []
  /** The last word, the one before it, and the last token. */
  let last = ''
  let before = ''
  let token = ''
  const nameHere = (): string => {
    const list = lists.at(-1)
    if (list?.kind === 'values') return columns[list.place] ?? ''
    return list?.kind === 'one' ? list.name : last
  }
  for (const [next] of statement.slice(0, LONGEST).matchAll(TOKENS)) {
    const list = lists.at(-1)
    if (next === '(') {
      if (/^in$/i.test(last)) lists.push({ kind: 'one', name: before, place: 0 })
      else if (/^values$/i.test(last) || token === '=') lists.push({ kind: 'values', name: '', place: 0 })
      // The arguments of a function.
      else if (list) lists.push({ kind: 'one', name: nameHere(), place: 0 })
      else {
        columns = []
        lists.push({ kind: 'columns', name: '', place: 0 })
      }
    } else if (next === ')') lists.pop()
    else if (next === ',' && list) list.place++
    else if (next === '?') names.push(nameHere())
    else if (next.startsWith(':')) names.push(next.slice(1))
    else if (WORD.test(next)) {
      before = last
      last = next.replaceAll('"', '')
      if (list?.kind === 'columns') columns[list.place] = last
    }
    token = next
  }
  return names
}
