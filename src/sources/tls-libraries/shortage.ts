/** What the kernel refuses for lack of something that may be there again soon: it is tried again, ever later. */
import { codeOf, messageOf } from '../../errors'

const SHORTAGES = ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']
const FIRST_NS = 1e9
const LAST_NS = 60e9

/** Why something isn't there for now, and what can be done about it. */
export interface Shortage {
  readonly why: string
  readonly hint: string
}

/** Undefined: it will be refused again. */
export function shortageIn(cause: unknown): Shortage | undefined {
  const said = messageOf(cause)
  const name = SHORTAGES.find((code) => codeOf(cause) === code || said.includes(code))
  if (name === undefined) return undefined
  const hint =
    name === 'EMFILE'
      ? 'Nixie has as many files open as it may: raise LimitNOFILE of its unit, or ulimit -n.'
      : 'The machine is short of memory or of open files.'
  return { why: `${said}; it is tried again within a minute`, hint }
}

/** When to try again: after a second, and after twice as long each time that it fails again. */
export class Retries {
  #delayNs = FIRST_NS
  #sinceNs: number | undefined

  /** Something was refused. */
  refused(nowNs: number): void {
    if (this.#sinceNs !== undefined) return
    this.#sinceNs = nowNs
  }

  /** It is time: true once. */
  isDue(nowNs: number): boolean {
    if (this.#sinceNs === undefined || Math.abs(nowNs - this.#sinceNs) < this.#delayNs) return false
    this.#sinceNs = undefined
    this.#delayNs = Math.min(2 * this.#delayNs, LAST_NS)
    return true
  }

  /** All was tried: true if nothing was refused again. */
  end(): boolean {
    if (this.#sinceNs !== undefined) return false
    this.#delayNs = FIRST_NS
    return true
  }
}
