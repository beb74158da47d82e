/**
 * The invariants that every protocol must keep (`src/protocols/protocol.ts`), by capability. Everything is checked through
 * `Streams`, as live traffic would be.
 *
 * How a protocol joins: write conversations in `test/protocols/<name>/samples.ts`, each with what it shows (`Capability`),
 * its messages one by one, for each record a text that only its row holds, and the secrets within; and call
 * `conformance({ protocol, samples })` in `test/protocols/<name>/conformance.test.ts`. Where client and server don't take
 * turns, each message says of which records it is a part (`of`). What another protocol hands over has its `handshake`. Together the samples should show all that the protocol
 * can, each record differently, and one of them at least three records.
 *
 * A check is a function that gives what is wrong: `conformance.test.ts` runs them on protocols that are broken on purpose.
 */
import { describe, expect, test } from 'bun:test'
import { CHECKS } from './checks'
import { can, type Member, type Sample } from './sample'

export type { Capability, Member, Message, Sample } from './sample'

/** What a failed check shows of its problems. */
const SHOWN = 5

/** Problems of one check, by its name; nothing when it doesn't apply. */
export function problemsOf(name: string, member: Member, sample: Sample): string[] {
  const check = CHECKS.find((each) => each.name === name)
  if (!check) throw new Error(`no check is named '${name}'`)
  return (check.applies?.(sample, member) ?? true) ? check.problems(member, sample) : []
}

/** Names of the checks that the member fails in any of its samples. */
export const failedChecks = (member: Member): string[] =>
  CHECKS.filter(({ name }) =>
    member.samples.some((sample) => problemsOf(name, member, sample).length > 0),
  ).map(({ name }) => name)

export function conformance(member: Member): void {
  describe(`${member.protocol.name} keeps the invariants`, () => {
    test('a sample has three records or more, or there are as many samples of one', () => {
      const ofOne = member.samples.filter((sample) => can(sample, 'once')).length
      const most = Math.max(...member.samples.map(({ records }) => records.length))
      expect(Math.max(most, ofOne)).toBeGreaterThanOrEqual(3)
    })
    for (const sample of member.samples) {
      describe(sample.name, () => {
        for (const { name, applies } of CHECKS)
          if (applies?.(sample, member) ?? true)
            test(name, () => {
              const problems = problemsOf(name, member, sample)
              expect(problems.slice(0, SHOWN), `${problems.length} problems`).toEqual([])
            })
      })
    }
  })
}
