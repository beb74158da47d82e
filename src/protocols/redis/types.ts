/** A command and its answer while they wait for each other. */
import type { Answer } from '../lib/pairing'

export interface Command {
  /** -1: it has no answer. */
  readonly seq: number
  done: boolean
  name: string
  /** As JSON. */
  args: string
  /** The channels of a subscription; each has an answer. */
  channels: readonly string[]
  /** How many answers it has; undefined: as many as there are channels. */
  answers: number | undefined
  isSecretReply: boolean
  size: number
  readonly startNs: number
  /** Memory that it takes while it waits. */
  held: number
}

export interface Response {
  readonly answer: Answer<undefined>
  done: boolean
  isCut: boolean
  isRunning: boolean
  isError: boolean
  text: string
  size: number
  endNs: number
  held: number
}
