/** A bounded part of `bun run fuzz`, the same each time. */
import { describe, expect, test } from 'bun:test'
import { keyedProtocol } from '../../streams/keyed-protocol'
import type { Member } from '../conformance'
import { HoldsNonsense, Throws, ThrowsAtNoise } from '../conformance/broken'
import { keyed } from '../conformance/members'
import { MEMBERS } from '../members'
import { type Finding, Fuzzer } from './play'

const INPUTS = 25_000

function findings(fuzzer: Fuzzer, member: Member, inputs: number): Finding[] {
  const found: Finding[] = []
  for (let seed = 1; seed <= inputs && found.length < 5; seed++) {
    const finding = fuzzer.play(member, seed)
    if (finding) found.push(finding)
  }
  return found
}

describe.each(MEMBERS.map((member) => [member.protocol.name, member] as const))('%s', (_, member) => {
  test('mutated conversations do no harm', () => {
    expect(findings(new Fuzzer(), member, INPUTS)).toEqual([])
  })
})

test.each([Throws, ThrowsAtNoise, HoldsNonsense])('harm by %p is found', (Conversation) => {
  const protocol = keyedProtocol(Conversation)
  expect(findings(new Fuzzer([protocol]), { ...keyed, protocol }, 2000)).not.toEqual([])
})
