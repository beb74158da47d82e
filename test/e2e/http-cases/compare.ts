/** What came of a case, in the form in which cases say it. */
import type { Case, Row } from './case'

/** A row of `http_events`, as far as cases look at it. */
export interface Recorded {
  readonly req_method: string
  readonly req_path: string
  readonly resp_status: number
  readonly req_body_size: number
  readonly resp_body_size: number
  readonly outcome: string
  readonly minor_version: number
  readonly resp_message: string
  readonly req_headers: string
  readonly resp_headers: string
  readonly req_body: string
  readonly resp_body: string
}

/** Bytes of a case in all: those that are played one by one are short. */
export const lengthOf = ({ turns }: Case): number => turns.reduce((sum, [, text]) => sum + text.length, 0)

const line = ({ req_method, req_path, resp_status }: Recorded) => `${req_method} ${req_path} ${resp_status}`

/** In the order of their start lines, since rows of one call have one time. */
export function inOrder<T>(rows: readonly T[], key: (row: T) => string): T[] {
  return [...rows].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0))
}

interface Compared {
  readonly expected: unknown
  readonly found: unknown
}

/**
 * Both sides, to be compared: `expected` as they should be and `found` cut to what a case speaks of. `isBusy`: bodies that there
 * was no time to decode may be named instead.
 */
export function compared(rows: readonly Row[], recorded: readonly Recorded[], isBusy = false): Compared {
  const wanted = inOrder(rows, ({ method, path, status }) => `${method} ${path} ${status}`)
  const found = inOrder(recorded, line)
  return { expected: wanted.map(short), found: found.map((row, i) => short(asCase(row, wanted[i], isBusy))) }
}

/** Each of the rows is one that should be there. */
export function allOf(rows: readonly Row[], recorded: readonly Recorded[], isBusy = false): Compared {
  const left = inOrder(rows, ({ method, path, status }) => `${method} ${path} ${status}`)
  const expected: Row[] = []
  for (const row of inOrder(recorded, line)) {
    const at = left.findIndex(({ method, path, status }) => `${method} ${path} ${status}` === line(row))
    if (at >= 0) expected.push(...left.splice(at, 1))
  }
  return compared(expected, recorded, isBusy)
}

function asCase(row: Recorded, wanted: Row | undefined, isBusy: boolean): Row {
  const body = (shown: string, size: number, text: string) =>
    isBusy && new RegExp(`^<[\\w, -]+ ${size} bytes>$`).test(shown) ? text : shown
  return {
    method: row.req_method,
    path: row.req_path,
    status: row.resp_status,
    sizes: [row.req_body_size, row.resp_body_size],
    outcome: row.outcome as Row['outcome'],
    ...(wanted?.minor === undefined ? {} : { minor: row.minor_version }),
    ...(wanted?.message === undefined ? {} : { message: row.resp_message }),
    ...(wanted?.asked === undefined ? {} : { asked: fieldsOf(row.req_headers, wanted.asked) }),
    ...(wanted?.answered === undefined ? {} : { answered: fieldsOf(row.resp_headers, wanted.answered) }),
    ...(wanted?.asks === undefined ? {} : { asks: body(row.req_body, row.req_body_size, wanted.asks) }),
    ...(wanted?.answers === undefined
      ? {}
      : { answers: body(row.resp_body, row.resp_body_size, wanted.answers) }),
  }
}

function fieldsOf(json: string, wanted: NonNullable<Row['asked']>): Row['asked'] {
  const all = new Map(Object.entries(JSON.parse(json) as Record<string, string>))
  return Object.fromEntries(Object.keys(wanted).map((name) => [name, all.get(name)]))
}

/** Long texts at their beginning and with their length, so that a difference can be read. */
function short(row: Row): Row {
  return JSON.parse(
    JSON.stringify(row, (_, value) =>
      typeof value === 'string' && value.length > 2000 ? `${value.slice(0, 100)}… (${value.length})` : value,
    ),
  ) as Row
}
