/** What is known of a connection beside its bytes; see `Link`. */
export interface Watched {
  readonly losses: number
  readonly unreadNs: number
  readonly asleepNs: number
  readonly restingNs: number | undefined
  readonly isAtServer: boolean
}

/** Nothing was lost, and nothing else is known. */
export const LOSSLESS: Watched = {
  losses: 0,
  unreadNs: -1,
  asleepNs: -1,
  restingNs: undefined,
  isAtServer: true,
}
