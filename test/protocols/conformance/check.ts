import { can, type Member, type Sample } from './sample'

export interface Check {
  readonly name: string
  /** Whether the sample can be checked so; each can unless said otherwise. */
  applies?(sample: Sample, member: Member): boolean
  /** What is wrong; nothing when the protocol keeps the invariant. */
  problems(member: Member, sample: Sample): string[]
}

export const isStream = (sample: Sample): boolean => !can(sample, 'datagram')

/** The protocol's messages show what they are, wherever a connection is joined. */
export const isFound = (_: Sample, { handshake }: Member): boolean => !handshake
