/**
 * Publisher confirms (www.rabbitmq.com/confirms.html): from Confirm.Select on the server acknowledges what is published on the channel, by a number that both
 * ends count from 1 on, and that no frame says. So behind a hole, or on a connection older than Nixie, the numbers aren't known, until
 * both were silent for so long that all must have been confirmed: the last confirmed number is then that of the last publish.
 */

/** Much longer than a server takes to confirm. */
const QUIET_NS = 2e9

export class Confirms {
  /** Undefined: it isn't known whether the server confirms. */
  #isOn: boolean | undefined
  /** Of the next publish; undefined: it isn't known. */
  #next: number | undefined
  #most = 0
  /** When the last confirm came, if it came behind the last publish; -1: it didn't, or something was lost. */
  #confirmedNs = -1
  #isUsed = false

  /** `isFresh`: the channel is seen from its opening on. */
  constructor(isFresh: boolean) {
    if (isFresh) this.#isOn = false
  }

  /** The client asks for them. A second time changes nothing. */
  select(): void {
    if (this.#isOn === true) return
    if (this.#isOn === false || !this.#isUsed) this.#next = 1
    this.#isOn = true
  }

  /** The server agrees: the client waits for that before it publishes. */
  selected(): void {
    this.select()
  }

  /** The number of a publish that begins at `startNs`; 0: it has none, or that isn't known. */
  publish(startNs: number): number {
    this.#isUsed = true
    if (!this.#isOn) return 0
    if (this.#confirmedNs >= 0 && startNs - this.#confirmedNs >= QUIET_NS) this.#next ??= this.#most + 1
    this.#confirmedNs = -1
    return this.#next === undefined ? 0 : this.#next++
  }

  /** The server confirms `tag`. */
  confirm(tag: number, timeNs: number): void {
    this.#isUsed = true
    this.#isOn ??= true
    // More than was published: the numbers were wrong.
    if (this.#next !== undefined && tag >= this.#next) this.#next = undefined
    this.#most = Math.max(this.#most, tag)
    this.#confirmedNs = timeNs
  }

  /** Something that the client said was lost, or a confirm. */
  holed(isOfClient: boolean): void {
    this.#confirmedNs = -1
    if (!isOfClient) return
    this.#next = undefined
    this.#isUsed = true
    if (this.#isOn === false) this.#isOn = undefined
  }
}
