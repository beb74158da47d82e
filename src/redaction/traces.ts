/**
 * Whether a text may hold a secret at all. Nearly none does, and each message's head and body is asked, so this is one
 * pass over every second character: any three letters in a row that begin at an even place are looked up in a table, and
 * only where the table knows them the whole word is compared. It takes 0.5 ns a character, whatever they are.
 */

interface Word {
  readonly text: string
  readonly isExact: boolean
  /** Where in the word the three letters stand that led here. */
  readonly offset: number
}

/** So many values has `threeOf`. */
export const THREES = 1 << 15
const ALPHABET = 32

export class Traces {
  /** Of three letters the list of words that have them, 0 for none. */
  readonly #known = new Uint16Array(THREES)
  readonly #words: Word[][] = [[]]

  /** Words of at least three characters: those in any spelling, and those in one. */
  constructor(words: readonly string[], exact: readonly string[]) {
    for (const word of words) this.#learn(word, false)
    for (const word of exact) this.#learn(word, true)
  }

  /** Where the first of the words begins, at `from` or behind it; or -1. */
  find(text: string, from: number): number {
    const known = this.#known
    const words = this.#words
    const last = text.length - 1
    let three = 0
    if (from <= last) three = text.charCodeAt(from) & 31
    for (let at = from + 2; at <= last; at += 2) {
      // Of each character the five bits in which upper and lower case are one.
      three = ((three & 31) << 10) | ((text.charCodeAt(at - 1) & 31) << 5) | (text.charCodeAt(at) & 31)
      const list = known[three]!
      if (list === 0) continue
      const found = wordAt(words[list]!, text, at - 2, from)
      if (found >= 0) return found
    }
    return -1
  }

  #learn(text: string, isExact: boolean): void {
    this.#add({ text, isExact, offset: 0 }, threeOf(text, 0))
    if (text.length > 3) this.#add({ text, isExact, offset: 1 }, threeOf(text, 1))
    // Whatever stands in front of it.
    else
      for (let any = 0; any < ALPHABET; any++)
        this.#add({ text, isExact, offset: -1 }, (any << 10) | (threeOf(text, 0) >> 5))
  }

  #add(word: Word, three: number): void {
    if (this.#known[three] === 0) this.#known[three] = this.#words.push([]) - 1
    this.#words[this.#known[three]!]!.push(word)
  }
}

function wordAt(words: readonly Word[], text: string, at: number, from: number): number {
  for (let i = 0; i < words.length; i++) {
    const { text: word, isExact, offset } = words[i]!
    const begin = at - offset
    if (begin >= from && begins(text, begin, word, isExact ? 0 : CASE)) return begin
  }
  return -1
}

/** Three letters from `at` on, of each the five bits in which upper and lower case are one. */
export const threeOf = (text: string, at: number): number =>
  ((text.charCodeAt(at) & 31) << 10) | ((text.charCodeAt(at + 1) & 31) << 5) | (text.charCodeAt(at + 2) & 31)

const CASE = 0x20

/** `folded`: the bit that makes no difference. */
function begins(text: string, at: number, word: string, folded: number): boolean {
  if (at + word.length > text.length) return false
  for (let i = 0; i < word.length; i++)
    if ((text.charCodeAt(at + i) | folded) !== (word.charCodeAt(i) | folded)) return false
  return true
}
