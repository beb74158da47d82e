/** The Huffman code of header strings (RFC 7541 §5.2, Appendix B). */
import { latin1 } from '../../lib/bytes'

/** Bits of the code of each byte, and at last of the end of the string. The code is canonical, so its lengths are the whole of it. */
const LENGTHS = (
  '13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28 28 28 28 28 28 28 30 28 28 28 28 28 28 28 28 28 6 10 10 12 13 6 8 11 ' +
  '10 10 8 11 8 6 6 6 5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10 13 6 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 8 7 8 13 19 13 ' +
  '14 6 15 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5 6 7 6 5 5 6 7 7 7 7 7 15 11 14 13 28 20 22 20 20 22 22 22 23 22 23 23 23 23 23 ' +
  '24 23 24 24 22 23 24 23 23 23 23 21 22 23 22 23 23 24 22 21 20 22 22 23 23 21 23 22 22 24 21 22 23 23 21 21 22 21 23 ' +
  '22 23 23 20 22 22 22 23 22 22 23 26 26 20 19 22 23 22 25 26 26 26 27 27 26 24 25 19 21 26 27 27 26 27 24 21 21 26 26 ' +
  '28 27 27 27 20 24 20 21 22 21 21 23 22 22 25 25 24 24 26 23 26 27 26 26 27 27 27 27 27 28 27 27 27 27 27 26 30'
)
  .split(' ')
  .map(Number)
const END_OF_STRING = 256
/** The shortest code has five bits, so that half a byte ends one code at most. */
const SHORTEST = 5

/** A step of the decoder, by state and half a byte: the next state, the byte that it gives, and what ends there. */
const NEXT_BITS = 9
const NEXT = (1 << NEXT_BITS) - 1
const GIVES = 1 << NEXT_BITS
const FAILS = GIVES << 1
const BYTE_SHIFT = NEXT_BITS + 2

/** What follows after a bit that is 0 or 1: another bit, or the end of the code of a byte. */
interface Node {
  readonly nodes: [Node | undefined, Node | undefined]
  readonly symbols: [number | undefined, number | undefined]
  readonly id: number
}

interface Machine {
  readonly steps: Int32Array
  /** States in which a string may end: its last bits are a part of the code of its end, fewer than eight (§5.2). */
  readonly mayEnd: Uint8Array
}

const machine = build()

/** Decodes bytes[start..end); one character per byte. undefined where they are no such code. */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string | undefined {
  const most = Math.floor(((end - start) * 8) / SHORTEST)
  if (scratch.length < most) scratch = new Uint8Array(2 * most)
  const { steps, mayEnd } = machine
  let state = 0
  let length = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    const high = steps[(state << 4) | (byte >> 4)]!
    if (high & GIVES) scratch[length++] = high >>> BYTE_SHIFT
    const low = steps[((high & NEXT) << 4) | (byte & 15)]!
    if (low & GIVES) scratch[length++] = low >>> BYTE_SHIFT
    if ((high | low) & FAILS) return undefined
    state = low & NEXT
  }
  return mayEnd[state] === 1 ? latin1(scratch, 0, length) : undefined
}

let scratch = new Uint8Array(1 << 10)

function build(): Machine {
  const nodes: Node[] = []
  const node = (): Node => {
    const made: Node = { nodes: [undefined, undefined], symbols: [undefined, undefined], id: nodes.length }
    nodes.push(made)
    return made
  }
  const root = node()
  const symbols = LENGTHS.map((_, symbol) => symbol).sort((a, b) => LENGTHS[a]! - LENGTHS[b]! || a - b)
  let code = 0
  let bits = LENGTHS[symbols[0]!]!
  for (const symbol of symbols) {
    const length = LENGTHS[symbol]!
    code *= 2 ** (length - bits)
    bits = length
    let at = root
    for (let bit = length - 1; bit > 0; bit--) {
      const branch = Math.floor(code / 2 ** bit) % 2
      const next = at.nodes[branch] ?? node()
      at.nodes[branch] = next
      at = next
    }
    at.symbols[code % 2] = symbol
    code++
  }
  return { steps: stepsOf(nodes, root), mayEnd: endsOf(nodes, root) }
}

function stepsOf(nodes: readonly Node[], root: Node): Int32Array {
  const steps = new Int32Array(nodes.length << 4)
  for (const from of nodes)
    for (let half = 0; half < 16; half++) {
      let at = from
      let gives = 0
      for (let bit = 3; bit >= 0; bit--) {
        const branch = (half >> bit) & 1
        const symbol = at.symbols[branch]
        if (symbol === END_OF_STRING) gives |= FAILS
        else if (symbol !== undefined) gives |= GIVES | (symbol << BYTE_SHIFT)
        at = at.nodes[branch] ?? root
      }
      steps[(from.id << 4) | half] = gives | at.id
    }
  return steps
}

function endsOf(nodes: readonly Node[], root: Node): Uint8Array {
  const mayEnd = new Uint8Array(nodes.length)
  let at: Node | undefined = root
  for (let ones = 0; ones < 8 && at; ones++) {
    mayEnd[at.id] = 1
    at = at.nodes[1]
  }
  return mayEnd
}
