/**
 * Bounds the connections of one port, because the web server has no such bound. Without it, a local account that may
 * see nothing could take all descriptors and stop capture and queries.
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
  tellArrivals,
} from '../access/accepted'
import { addressBytes, addressText, isIpv4 } from '../access/address'
import { type CrowdLimits, type Held, surplus } from '../access/crowd'
import type { Owners, Peer } from '../access/owner'

/** A browser opens 6 connections, a program with many parallel requests some dozens. */
const MOST_OF_ONE = 256
const MOST = 512
/** One port's connections may take one part in so many of the process's descriptors. */
const DESCRIPTOR_SHARE = 4

/**
 * Beyond this multiple of the total, no connection is accepted until the surplus is closed: a flood opens connections
 * faster than they can be closed.
 */
const FLOOD = 2

/** Between two checks after a connection has arrived … */
const LOOK_MS = 50
/** … for so long. Then the kernel says when the next one arrives: checks alone would take 2 ms of each second. */
const ARRIVING_MS = 1000
/**
 * The pause before the next check, as a multiple of the time that the last one took: a flood must not take all of the
 * thread's time.
 */
const PAUSE = 3
/**
 * Time of one check for finding the owners of connections. Connections that it is too short for have no owner until the
 * next check.
 */
const OWNER_MS = 20
/** How often to count the descriptors of other files while connections are few. */
const RECOUNT_MS = 5000
/** The web server has closed what was ended by then; a later connection may have the same addresses. */
const ENDING_MS = 1000
/** Connections that have sent a request. Some of them may be closed by now. */
const MOST_REMEMBERED = 4096

interface Known extends Held {
  readonly accepted: Accepted
  /** Undefined until a check had the time to find it out. */
  readonly owner: string | undefined
}

export interface ConnectionsOptions {
  readonly port: number
  readonly owners: Pick<Owners, 'of'>
  readonly limits?: CrowdLimits
  /** Called with the owners of the connections that were closed. */
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
  /** Those that were ended, and when: on a busy machine the next check may come before the web server closes them. */
  #ending = new Map<string, number>()
  /** Descriptors other than this port's connections, as last counted. */
  #others = 0
  #countedMs = Number.NEGATIVE_INFINITY
  #listeners: readonly number[] = []
  #isHeld = false
  /** The kernel says when a connection arrives. */
  #isTold = false
  #untilMs = 0
  #timer: Timer | undefined

  constructor(options: ConnectionsOptions) {
    this.#options = options
    this.#limits = options.limits ?? limitsWith(descriptorLimit())
  }

  start(): this {
    this.#listeners = listenersAt(this.#options.port)
    process.on('SIGURG', this.#onArrival)
    this.#onArrival()
    return this
  }

  stop(): void {
    process.off('SIGURG', this.#onArrival)
    clearTimeout(this.#timer)
  }

  /** Checks from now on, until nothing arrives any more. Signals come for other ports, too. */
  readonly #onArrival = (): void => {
    this.#untilMs = performance.now() + ARRIVING_MS
    if (this.#isTold) this.#tellArrivals(false)
    if (this.#timer) return
    this.#countedMs = Number.NEGATIVE_INFINITY
    this.#lookAgain()
  }

  readonly #lookAgain = (): void => {
    this.#timer = undefined
    const started = performance.now()
    this.look()
    const now = performance.now()
    // What arrived before it was told had no signal: it takes one more look.
    if (this.#isTold && !this.#isCrowded) return
    if (now >= this.#untilMs && !this.#isCrowded) this.#tellArrivals(true)
    this.#timer = setTimeout(this.#lookAgain, Math.max(LOOK_MS, PAUSE * (now - started)))
    this.#timer.unref()
  }

  #tellArrivals(isTold: boolean): void {
    this.#isTold = this.#listeners.map((listener) => tellArrivals(listener, isTold)).every(Boolean) && isTold
    this.#countedMs = Number.NEGATIVE_INFINITY
  }

  /** A request has come. */
  asked({ address, port }: Peer): void {
    const bytes = addressBytes(address)
    if (bytes) this.#asked.add(keyOf(bytes, port))
  }

  /** The local address of this peer's connection; undefined when it is closed or can't be told from another one. */
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

  /** Closes the connections beyond the bounds. */
  look(): void {
    const now = performance.now()
    const count = openDescriptors()
    this.#hold(this.#others > 0 && count - this.#others > FLOOD * this.#limits.total)
    const isFew = count - this.#others <= this.#limits.perClient && !this.#isCrowded
    const isQuiet = isFew && this.#asked.size <= MOST_REMEMBERED
    if (isQuiet && now - this.#countedMs < RECOUNT_MS) return
    this.#update()
    this.#countedMs = now
    this.#others = Math.min(count, Number.MAX_SAFE_INTEGER) - this.#known.size
    if (this.#known.size <= this.#limits.perClient) return
    this.#findOwners()
    // The others wait for the next check: as one client they would be too many, and some would lose what is theirs.
    const owned = [...this.#known.values()].filter(({ owner }) => owner !== undefined)
    const going = surplus(owned, this.#limits)
    for (const { accepted } of going) {
      end(accepted)
      this.#ending.set(bothKey(accepted), now)
      this.#known.delete(bothKey(accepted))
    }
    if (going.length > 0) this.#options.closed?.(going.map(({ client }) => client))
  }

  /** There may be some to be closed, or the owners of some are still to be found. */
  get #isCrowded(): boolean {
    return this.#isHeld || this.#known.size > this.#limits.perClient
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
    const there = all.map((accepted) => [bothKey(accepted), accepted] as const)
    for (const [key, sinceMs] of this.#ending) if (now - sinceMs > ENDING_MS) this.#ending.delete(key)
    const staying = there.filter(([key]) => !this.#ending.has(key))
    this.#known = new Map(staying.map(([key, accepted]) => [key, this.#knownOf(accepted, before, now)]))
  }

  #knownOf(accepted: Accepted, before: ReadonlyMap<string, Known>, now: number): Known {
    const known = before.get(bothKey(accepted))
    // A later connection from the same port may belong to another client.
    const same = known?.accepted.descriptor === accepted.descriptor ? known : undefined
    const owner = same?.owner
    const hasAsked = this.#asked.has(peerKey(accepted))
    return { accepted, owner, client: owner ?? '', hasAsked, sinceMs: same?.sinceMs ?? now }
  }

  #findOwners(): void {
    const until = performance.now() + OWNER_MS
    for (const [key, known] of this.#known) {
      if (known.owner !== undefined) continue
      const owner = this.#ownerOf(known.accepted)
      this.#known.set(key, { ...known, owner, client: owner })
      // One at the least, however busy the machine is.
      if (performance.now() > until) return
    }
  }

  #ownerOf({ local, peer }: Accepted): string {
    const address = addressText(peer.address)
    const uids = this.#options.owners.of(
      { address, port: peer.port },
      { address: addressText(local.address), port: local.port },
    )
    if (uids.length > 0) return `user id ${uids.join(' or ')}`
    // An owner of one IPv6 address can use every address of its network.
    return `address ${isIpv4(peer.address) ? address : addressText(peer.address).split(':').slice(0, 4).join(':')}`
  }
}
