/**
 * The connections of one port of the web server, which itself has no bound for them. Without one a local account that
 * may not look at anything takes all descriptors, and capture and queries with them.
 */
import { readdirSync, statSync } from 'node:fs'
import {
  type Accepted,
  acceptedAt,
  descriptorLimit,
  end,
  hold,
  isStill,
  listenersAt,
} from '../access/accepted'
import { addressBytes, addressText, isIpv4 } from '../access/address'
import { type CrowdLimits, type Held, surplus } from '../access/crowd'
import type { Owners, Peer } from '../access/owner'

/** A browser has 6, a program that asks much at once some dozens. */
const MOST_OF_ONE = 256
const MOST = 512
/** Of all descriptors that the process may have, so many parts for one port's connections. */
const DESCRIPTOR_SHARE = 4

/** So many times the total, and no more are accepted until the surplus is closed: a flood comes faster than it goes. */
const FLOOD = 2

const LOOK_MS = 50
/** After a look, the next is so many times as far away as it took: a flood must not take all of the thread's time. */
const PAUSE = 3
/** In one look, for whose connections are; those that it doesn't suffice for are of nobody until the next. */
const OWNER_MS = 20
/** Without a crowd, for how many descriptors are others'. */
const RECOUNT_MS = 5000
/** Connections that have asked, some of them long gone. */
const MOST_REMEMBERED = 4096

interface Known extends Held {
  readonly accepted: Accepted
  /** Undefined until there was time to find out. */
  readonly owner: string | undefined
}

export interface ConnectionsOptions {
  readonly port: number
  readonly owners: Pick<Owners, 'of'>
  readonly limits?: CrowdLimits
  /** Told of those that were closed, by whose they were. */
  readonly closed?: (clients: readonly string[]) => void
}

/** What the limits are where the process may have few descriptors. */
export function limitsWith(descriptors: number): CrowdLimits {
  const total = Math.min(MOST, Math.floor(descriptors / DESCRIPTOR_SHARE))
  return { total, perClient: Math.min(MOST_OF_ONE, Math.ceil(total / 2)) }
}

const keyOf = (address: Uint8Array, port: number) => `${addressText(address)} ${port}`

const peerKey = ({ peer }: Accepted) => keyOf(peer.address, peer.port)
const bothKey = (accepted: Accepted) => `${peerKey(accepted)} ${addressText(accepted.local.address)}`

function openDescriptors(): number {
  try {
    // Linux 6.2 and later say how many there are.
    return statSync('/proc/self/fd').size || readdirSync('/proc/self/fd').length
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

export class Connections {
  readonly #options: ConnectionsOptions
  readonly #limits: CrowdLimits
  #known = new Map<string, Known>()
  #byPeer = new Map<string, Accepted[]>()
  #asked = new Set<string>()
  /** Descriptors that are no connections of this port, as last counted. */
  #others = 0
  #countedMs = Number.NEGATIVE_INFINITY
  #listeners: readonly number[] = []
  #isHeld = false
  #timer: Timer | undefined

  constructor(options: ConnectionsOptions) {
    this.#options = options
    this.#limits = options.limits ?? limitsWith(descriptorLimit())
  }

  start(): this {
    this.#listeners = listenersAt(this.#options.port)
    const look = () => {
      const started = performance.now()
      this.look()
      const tookMs = performance.now() - started
      this.#timer = setTimeout(look, Math.max(LOOK_MS, PAUSE * tookMs))
      this.#timer.unref()
    }
    look()
    return this
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  /** A request has come. */
  asked({ address, port }: Peer): void {
    const bytes = addressBytes(address)
    if (bytes) this.#asked.add(keyOf(bytes, port))
  }

  /** Where the connection of this peer has arrived; undefined when it is gone, or can't be told from another one. */
  localAddress({ address, port }: Peer): string | undefined {
    const bytes = addressBytes(address)
    if (!bytes) return undefined
    const find = () => this.#byPeer.get(keyOf(bytes, port))?.filter(isStill) ?? []
    let found = find()
    if (found.length === 0) {
      this.#update()
      found = find()
    }
    return found.length === 1 ? addressText(found[0]!.local.address) : undefined
  }

  /** Closes what is beyond the bounds. */
  look(): void {
    const now = performance.now()
    const count = openDescriptors()
    this.#hold(this.#others > 0 && count - this.#others > FLOOD * this.#limits.total)
    const isQuiet = count - this.#others <= this.#limits.perClient && this.#asked.size <= MOST_REMEMBERED
    if (isQuiet && now - this.#countedMs < RECOUNT_MS) return
    this.#update()
    this.#countedMs = now
    this.#others = Math.min(count, Number.MAX_SAFE_INTEGER) - this.#known.size
    if (this.#known.size <= this.#limits.perClient) return
    this.#findOwners()
    const going = surplus([...this.#known.values()], this.#limits)
    for (const { accepted } of going) {
      end(accepted)
      this.#known.delete(bothKey(accepted))
    }
    if (going.length > 0) this.#options.closed?.(going.map(({ client }) => client))
  }

  #hold(isHeld: boolean): void {
    if (isHeld === this.#isHeld) return
    this.#isHeld = isHeld
    for (const listener of this.#listeners) hold(listener, isHeld)
  }

  #update(): void {
    const before = this.#known
    const now = performance.now()
    const all = acceptedAt(this.#options.port)
    this.#byPeer = Map.groupBy(all, peerKey)
    this.#asked = new Set([...this.#asked].filter((key) => this.#byPeer.has(key)))
    this.#known = new Map(all.map((accepted) => [bothKey(accepted), this.#knownOf(accepted, before, now)]))
  }

  #knownOf(accepted: Accepted, before: ReadonlyMap<string, Known>, now: number): Known {
    const known = before.get(bothKey(accepted))
    // Who comes again from the same port may be another.
    const same = known?.accepted.descriptor === accepted.descriptor ? known : undefined
    const owner = same?.owner
    const hasAsked = this.#asked.has(peerKey(accepted))
    return { accepted, owner, client: owner ?? '', hasAsked, sinceMs: same?.sinceMs ?? now }
  }

  #findOwners(): void {
    const until = performance.now() + OWNER_MS
    for (const [key, known] of this.#known) {
      if (known.owner !== undefined) continue
      if (performance.now() > until) return
      const owner = this.#ownerOf(known.accepted)
      this.#known.set(key, { ...known, owner, client: owner })
    }
  }

  #ownerOf({ local, peer }: Accepted): string {
    const address = addressText(peer.address)
    const uids = this.#options.owners.of(
      { address, port: peer.port },
      { address: addressText(local.address), port: local.port },
    )
    if (uids.length > 0) return `user id ${uids.join(' or ')}`
    // Who has an IPv6 address has all of its network's.
    return `address ${isIpv4(peer.address) ? address : addressText(peer.address).split(':').slice(0, 4).join(':')}`
  }
}
