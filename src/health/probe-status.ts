/** One probe: loaded and attached, or why not. A row of `probe_status`, an entry of `/api/status`. */
export interface ProbeStatus {
  /** The source of rows that it feeds. */
  readonly source: string
  readonly name: string
  /** What is missing when it is not there, in words. */
  readonly purpose: string
  /** Nixie does not capture without it. */
  readonly required: boolean
  readonly attached: boolean
  /** Errno name and the verifier's or kernel's words; '' when attached. */
  readonly error: string
  /** What to do about it. Of an attached one: which better one it stands in for, and why; mostly ''. */
  readonly hint: string
  /** It is a program that can't be read, and no probe. */
  readonly unread?: boolean
}

/** Nixie's probes, without the programs that it can't read. */
export const probesOf = (all: readonly ProbeStatus[]): readonly ProbeStatus[] =>
  all.filter(({ unread }) => !unread)

export const unreadOf = (all: readonly ProbeStatus[]): readonly ProbeStatus[] =>
  all.filter(({ unread }) => unread)

/** Whether both lists are of the same objects. */
export const areSame = (a: readonly ProbeStatus[], b: readonly ProbeStatus[]): boolean =>
  a.length === b.length && a.every((probe, i) => probe === b[i])
