/** The names that messages of one connection have, and where its server tells them. */
import type { Link, Side } from '../../protocol'
import { contentCodings, inflate } from '../inflate'
import type { MessageType } from './descriptors'
import { isReflection, ReflectionReader } from './reflection'

/** Of the messages that this side sends, where the client asks for this path; undefined where they aren't known. */
export function typeOf({ settings, connection }: Link, path: string, side: Side): MessageType | undefined {
  const types = settings.names?.of(path, connection)
  return side === 'client' ? types?.input : types?.output
}

export class ConnectionNames {
  readonly #link: Link

  constructor(link: Link) {
    this.#link = link
  }

  of(path: string, side: Side): MessageType | undefined {
    return typeOf(this.#link, path, side)
  }

  /** Reads what the server tells of its names; undefined where it isn't asked for that. `coding`: that of compressed messages. */
  reader(path: string, coding: string): ReflectionReader | undefined {
    const link = this.#link
    const { names, decodeBudget } = link.settings
    if (!names || !isReflection(path)) return undefined
    return new ReflectionReader(
      (file) => names.learns(file, link.connection),
      (content, limit) => inflate(contentCodings(coding || 'unknown'), content, limit, decodeBudget),
    )
  }
}
