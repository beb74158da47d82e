/** A protocol recognises its own bytes, and no other ones. */
import type { Head, Recognition } from '../../../src/protocols/protocol'
import { random } from '../../streams/wire'
import { type Check, isStream } from './check'
import { noise } from './cut'
import { type Member, piecesOf, type Sample, transportOf } from './sample'

export const recognitionChecks: readonly Check[] = [
  {
    name: 'more bytes never contradict what fewer said',
    applies: isStream,
    problems: (member, sample) =>
      piecesOf(sample).flatMap(({ bytes, from }, message) => {
        const answers = Array.from({ length: Math.min(bytes.length, 400) }, (_, i) =>
          ask(member, sample, { bytes: bytes.subarray(0, i + 1), isOpening: true, from }),
        )
        return contradictions(answers).map((text) => `message ${message}: ${text}`)
      }),
  },
  {
    name: 'noise is not taken for sure',
    problems: (member, sample) => {
      const next = random(17)
      return Array.from({ length: 400 }, (_, round) => {
        const bytes = noise(next, 1 + Math.floor(next() * 200))
        const answer = ask(member, sample, { bytes, isOpening: round % 2 === 0, from: undefined })
        return typeof answer === 'object' && answer.sure ? [`round ${round}: sure of ${bytes}`] : []
      }).flat()
    },
  },
  {
    name: 'search finds places in the bytes',
    problems: (member, sample) => {
      const next = random(19)
      return Array.from({ length: 100 }, () => {
        const bytes = Buffer.concat([
          noise(next, Math.floor(next() * 50)),
          ...piecesOf(sample).map((p) => p.bytes),
        ])
        const from = Math.floor(next() * bytes.length)
        const at = member.protocol.search?.(bytes, from) ?? -1
        return at === -1 || (at >= from && at < bytes.length) ? [] : [`search from ${from} gave ${at}`]
      }).flat()
    },
  },
]

type Asked = Pick<Head, 'bytes' | 'isOpening' | 'from'>

const ask = ({ protocol }: Member, sample: Sample, asked: Asked): Recognition =>
  protocol.recognise({ ...asked, transport: transportOf(sample), ownPort: 40_000, peerPort: 80 })

function contradictions(answers: readonly Recognition[]): string[] {
  return answers.slice(1).flatMap((answer, i) => {
    const before = answers[i]!
    if (before === 'no' && answer !== 'no') return [`'no' to ${i + 1} bytes, and not to ${i + 2}`]
    if (typeof before === 'object' && typeof answer === 'object' && before.side !== answer.side)
      return [`${before.side} by ${i + 1} bytes, ${answer.side} by ${i + 2}`]
    return []
  })
}
