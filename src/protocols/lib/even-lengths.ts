/**
 * How many messages came before, where all are equally long: the bytes since the connection's opening tell, however many of them
 * nobody saw.
 *
 * The kernel knows how many bytes each side has sent since the opening. If a request takes `q` bytes and `n·q` came before it, there were
 * `n` requests; the same with responses of `p` bytes. So when the n-th request is followed by the n-th response, that is its answer. With a
 * request outstanding from before it would be the n-th request and the response before. Where the messages before had other
 * lengths, the bytes can't be divided by these, and nothing follows.
 *
 * Chance makes both numbers of bytes divide, and to the same number, on less than one in `q·p` of the connections whose messages were
 * not alike: so short messages prove nothing, and there are a few attempts in a row only. The numbers are known modulo 2^32.
 */
const MODULUS = 2 ** 32
/** Sides that have sent more than so many times 2^32 bytes aren't looked at. */
const MAX_TURNS = 1024
const MAX_ATTEMPTS = 32
/** The least product of both lengths. */
const LEAST_CHANCES = 8192
/** So many requests may be outstanding, for all that is looked at. */
const MOST_OUTSTANDING = 64

/** The messages of one side: the bytes before the last one, and the length of the one before it. */
class Sent {
  at: number | undefined
  length = 0

  begins(at: number | undefined): void {
    this.length = at === undefined || this.at === undefined ? 0 : (at - this.at + MODULUS) % MODULUS
    this.at = at
  }
}

export class EvenLengths {
  readonly #asked = new Sent()
  readonly #answered = new Sent()
  #attempts = 0

  /** A request begins with so many bytes of its side before it, modulo 2^32; undefined: that isn't known. */
  asks(at: number | undefined): void {
    this.#asked.begins(at)
  }

  /** A response begins, in the same way. */
  answers(at: number | undefined): void {
    this.#answered.begins(at)
  }

  /** Whether the last response surely answers the last request. */
  tells(): boolean {
    const [fewer, more] =
      this.#asked.length < this.#answered.length
        ? [this.#asked, this.#answered]
        : [this.#answered, this.#asked]
    if (fewer.length === 0 || fewer.length * more.length < LEAST_CHANCES) return false
    if (this.#attempts >= MAX_ATTEMPTS) return false
    this.#attempts++
    if (this.#outstanding(fewer, more) !== 0) return false
    this.#attempts = 0
    return true
  }

  /** How many messages of one side there are beyond those of the other; undefined: that can't be told. */
  #outstanding(fewer: Sent, more: Sent): number | undefined {
    let found: number | undefined
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      const count = (fewer.at! + turn * MODULUS) / fewer.length
      // Before the first message nothing can be told by its length.
      if (!Number.isInteger(count) || count === 0) continue
      for (let beyond = -MOST_OUTSTANDING; beyond <= MOST_OUTSTANDING; beyond++) {
        if (count + beyond < 0 || Math.imul(count + beyond, more.length) >>> 0 !== more.at) continue
        if (found !== undefined && found !== beyond) return undefined
        found = beyond
      }
    }
    return found
  }
}
