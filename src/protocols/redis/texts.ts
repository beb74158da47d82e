/** What rows show of commands and answers. */
import { REDACTED, redactText } from '../lib/redact'
import { isSubscription } from './names'
import { NULL_TEXT } from './reply-text'
import { isSecretReply, redactArgs, redactReply } from './secrets'
import type { Command, Response } from './types'

/** Channels that are remembered of a subscription, to know its answers by. */
export const MAX_CHANNELS = 64

const NO_CHANNELS: readonly string[] = []

/** `omitted`: arguments for which there was no room. */
export function commandText(
  name: string,
  args: readonly string[],
  omitted: number,
  redact: boolean,
): Pick<Command, 'name' | 'args' | 'channels' | 'answers' | 'isSecretReply'> {
  const safe = redact ? redactArgs(name, args) : args
  const json = JSON.stringify(omitted > 0 ? [...safe, `… ${omitted} more`] : safe)
  const isChannels = isSubscription(name)
  return {
    name,
    args: redact ? redactText(json) : json,
    channels: isChannels ? args.slice(0, MAX_CHANNELS) : NO_CHANNELS,
    answers: isChannels && args.length > 0 ? args.length + omitted : undefined,
    isSecretReply: redact && isSecretReply(name, args),
  }
}

export function responseText(
  { name, isSecretReply: isSecret }: Command,
  { text, isError }: Pick<Response, 'text' | 'isError'>,
  redact: boolean,
): string {
  if (!redact || text.length < 3) return text
  if (isSecret && !isError && text !== NULL_TEXT && text !== 'OK' && text !== 'QUEUED') return REDACTED
  return redactText(redactReply(name, text))
}

/** What CLIENT REPLY asks for, in capitals. */
export const isSilenced = (name: string, args: readonly string[]): string | undefined =>
  name === 'CLIENT REPLY' ? args[0]?.toUpperCase() : undefined

/** Whether a client asks to become a replica. */
export const isReplication = (name: string): boolean => name === 'PSYNC' || name === 'SYNC'

/** Whether by this answer it does. */
export const beginsReplication = (text: string): boolean => /^(?:FULLRESYNC|CONTINUE)\b/.test(text)
