/** Ways to cut and mix what is said. */
import { random } from '../../streams/wire'
import { can, messagesOf, type Piece, type Sample } from './sample'

/** Cuts each piece at the places that `cuts` gives for its length. */
export const split = (pieces: readonly Piece[], cuts: (length: number) => number[]): Piece[] =>
  pieces.flatMap((piece) => {
    const { bytes } = piece
    const ends = [...cuts(bytes.length), bytes.length]
    return ends
      .map((end, i) => ({ ...piece, bytes: bytes.subarray(i === 0 ? 0 : ends[i - 1]!, end) }))
      .filter((part) => part.bytes.length > 0)
  })

export const everyByte = (length: number) => Array.from({ length: Math.max(0, length - 1) }, (_, i) => i + 1)

/** Pieces that the same side says in a row come in one. */
export function joined(pieces: readonly Piece[]): Piece[] {
  const runs: Piece[] = []
  for (const piece of pieces) {
    const last = runs.at(-1)
    if (last?.from !== piece.from) runs.push(piece)
    else runs[runs.length - 1] = { ...last, bytes: Buffer.concat([last.bytes, piece.bytes]) }
  }
  return runs
}

/** Positions to try: all of a short message, a spread of a long one. */
export function positions(length: number, most: number): number[] {
  const step = Math.max(1, Math.ceil(length / most))
  return Array.from({ length: Math.ceil(length / step) }, (_, i) => i * step)
}

/** Another order of the pieces in which the messages of each record keep theirs; a greeting and what makes no record come first. */
export function shuffled(sample: Sample, pieces: readonly Piece[], seed: number): Piece[] {
  const next = random(seed)
  const queues = messagesOf(sample).map((messages) => messages.map((message) => pieces[message]!))
  const taken = new Set(queues.flat())
  const order = pieces.filter((piece, i) => !taken.has(piece) || (i === 0 && can(sample, 'greeting')))
  for (let left = queues.filter(({ length }) => length > 0); left.length > 0; ) {
    const piece = left[Math.floor(next() * left.length)]!.shift()!
    if (!order.includes(piece)) order.push(piece)
    left = left.filter(({ length }) => length > 0)
  }
  return order
}

export function noise(next: () => number, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => next() * 256)
}

/** A few bytes of the piece are others. */
export function changed(piece: Piece, next: () => number): Piece {
  const bytes = new Uint8Array(piece.bytes)
  for (let i = 0; i < 1 + next() * 5; i++) bytes[Math.floor(next() * bytes.length)] = next() * 256
  return { ...piece, bytes }
}
