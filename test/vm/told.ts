/** Answers of the guest's Nixie, read. */

interface Tables<T> {
  readonly tables: readonly { readonly rows: readonly T[] }[]
}

interface Request {
  readonly req_method: string
  readonly req_path: string
  readonly resp_status: number
  readonly req_body_size: number
  readonly resp_body_size: number
}

export interface Status {
  readonly ready: boolean
  readonly losses: Readonly<Record<string, number>>
  readonly probes: readonly { readonly name: string; readonly attached: boolean }[]
  readonly store: { readonly bytes: number; readonly budgetBytes: number }
}

/** @throws Error with the text when it is no JSON */
export function parsed<T>(text: string): T {
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new Error(`${(cause as Error).message}: ${text}`)
  }
}

/** The rows of the first table. */
export const rowsIn = <T>(json: string): readonly T[] => parsed<Tables<T>>(json).tables[0]!.rows

/** Each request as the program that made it tells of it, sorted; without those of the flood. */
export const inWords = (json: string): readonly string[] =>
  rowsIn<Request>(json)
    .map(
      (row) =>
        `${row.req_method} ${row.req_path} ${row.resp_status} ${row.req_body_size} ${row.resp_body_size}`,
    )
    .filter((words) => !words.includes('?flood '))
    .sort()

/** The counters of losses that are not zero. */
export const lostIn = (losses: Status['losses']): Record<string, number> =>
  Object.fromEntries(Object.entries(losses).filter(([, count]) => count !== 0))
