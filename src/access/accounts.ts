/** Which accounts of this machine may look: `--allow-users`, `--allow-groups`, and who started Nixie. */
import type { Config } from '../config'
import { type Account, accountNamed, accountOf, groupNamed } from './libc'

/** What the machine knows of accounts; tests bring their own. */
export interface Directory {
  readonly named: (name: string) => Account | undefined
  readonly of: (uid: number) => Account | undefined
  readonly group: (name: string) => number | undefined
}

const MACHINE: Directory = { named: accountNamed, of: accountOf, group: groupNamed }

/** A directory service may be slow, and is asked on the thread that answers: once a minute for each account. */
const REMEMBERED_MS = 60_000
const MOST_REMEMBERED = 1024

const ROOT = 0
/** The account that `deploy/nixie.service` runs as. */
const SERVICE = 'nixie'

export interface AccountsOptions {
  /** Nixie's own. */
  readonly uid: number
  /** Of sudo, when it was started by it. */
  readonly sudoUid?: string | undefined
  readonly directory?: Directory
}

const words = (list: string) =>
  list
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')

const isNumber = (word: string) => /^\d{1,10}$/.test(word)

export class Accounts {
  /** Names that this machine doesn't know: nobody is let in for them. */
  readonly unknown: readonly string[]
  readonly #own: number
  readonly #sudo: number | undefined
  readonly #users = new Set<number>()
  readonly #groups = new Set<number>()
  readonly #directory: Directory
  readonly #members = new Map<number, { readonly isMember: boolean; readonly untilMs: number }>()

  constructor(
    { allowUsers, allowGroups }: Pick<Config, 'allowUsers' | 'allowGroups'>,
    { uid, sudoUid, directory = MACHINE }: AccountsOptions,
  ) {
    this.#own = uid
    this.#directory = directory
    this.#sudo = sudoUid !== undefined && isNumber(sudoUid) ? Number(sudoUid) : undefined
    if (this.#sudo !== undefined) this.#users.add(this.#sudo)
    const unknown: string[] = []
    const add = (list: string, into: Set<number>, find: (name: string) => number | undefined) => {
      for (const word of words(list)) {
        const number = isNumber(word) ? Number(word) : this.#ask(() => find(word))
        if (number === undefined) unknown.push(word)
        else into.add(number)
      }
    }
    add(allowUsers, this.#users, (name) => directory.named(name)?.uid)
    add(allowGroups, this.#groups, directory.group)
    this.unknown = unknown
  }

  /** Root, and the account that Nixie runs as: they own what is stored. */
  owns(uid: number): boolean {
    return uid === ROOT || uid === this.#own
  }

  /** Who may own the files of this Nixie: also who started it by sudo, and the account of its service. */
  mayOwn(uid: number): boolean {
    return (
      this.owns(uid) || uid === this.#sudo || uid === this.#ask(() => this.#directory.named(SERVICE)?.uid)
    )
  }

  mayLook(uid: number): boolean {
    return this.owns(uid) || this.#users.has(uid) || this.#isMember(uid)
  }

  /** `nobody (user id 65534)` */
  describe(uid: number): string {
    const name = this.#ask(() => this.#directory.of(uid)?.name)
    return name === undefined ? `user id ${uid}` : `${name} (user id ${uid})`
  }

  /** Who is let in, for the refusal of others. */
  get admitted(): string {
    const names = [...this.#users].map(
      (uid) => this.#ask(() => this.#directory.of(uid)?.name) ?? `user id ${uid}`,
    )
    const groups = this.#groups.size > 0 ? ['some groups'] : []
    const all = ['root', ...names.filter((name) => name !== 'root'), ...groups]
    return all.length === 1 ? 'root' : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`
  }

  #isMember(uid: number): boolean {
    if (this.#groups.size === 0) return false
    const nowMs = performance.now()
    const known = this.#members.get(uid)
    if (known && known.untilMs > nowMs) return known.isMember
    const groups = this.#ask(() => this.#directory.of(uid)?.groups) ?? []
    const isMember = groups.some((group) => this.#groups.has(group))
    if (this.#members.size >= MOST_REMEMBERED) this.#members.clear()
    this.#members.set(uid, { isMember, untilMs: nowMs + REMEMBERED_MS })
    return isMember
  }

  /** Undefined where the machine can't be asked. */
  #ask<T>(question: () => T | undefined): T | undefined {
    try {
      return question()
    } catch {
      return undefined
    }
  }
}
