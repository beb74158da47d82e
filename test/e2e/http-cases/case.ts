/** A case: what is said on one connection, and the rows of `http_events` that must come of it. Text is one character per byte. */

export type Turn = readonly ['client' | 'server', string]

export type Outcome = 'complete' | 'cut' | 'unanswered'

export interface Row {
  readonly method: string
  readonly path: string
  readonly status: number
  /** Bytes of content of the request and of the response. */
  readonly sizes: readonly [number, number]
  readonly outcome: Outcome
  readonly minor?: number | undefined
  readonly message?: string
  /** Fields that must be there with these values, among others; undefined: it may not be there. */
  readonly asked?: Readonly<Record<string, string | undefined>> | undefined
  readonly answered?: Readonly<Record<string, string | undefined>> | undefined
  readonly asks?: string
  readonly answers?: string
}

export interface Case {
  readonly name: string
  /** In this order: each is written when the one before it has arrived. */
  readonly turns: readonly Turn[]
  readonly rows: readonly Row[]
  /** Who closes the connection; the other follows. */
  readonly closes?: 'client' | 'server'
  /**
   * On a connection that was open before Nixie started: 'same' rows (the default); 'some' of them, since only the opening
   * tells what begins there; 'not' to be played, since not all of it would be captured.
   */
  readonly joined?: 'same' | 'some' | 'not'
}

type More = Partial<Omit<Row, 'method' | 'path' | 'status' | 'sizes'>>

/** `row('GET /a?b 200', 0, 2)`: the sizes of what was asked and answered. */
export function row(line: string, asked = 0, answered = 0, more: More = {}): Row {
  const target = line.indexOf(' ') + 1
  const status = line.lastIndexOf(' ')
  return {
    method: line.slice(0, target - 1),
    path: line.slice(target, status),
    status: Number(line.slice(status + 1)),
    sizes: [asked, answered],
    outcome: 'complete',
    ...more,
  }
}

/** A start line and field lines, as the head of a message. */
export const head = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`

/** A request of HTTP/1.1 without content, or with the content that its fields announce. */
export const ask = (line: string, fields: readonly string[] = [], content = ''): string =>
  head(`${line} HTTP/1.1`, 'Host: example.org', ...fields) + content

/** A response whose length is told. */
export const answer = (status: string, content = '', fields: readonly string[] = []): string =>
  head(`HTTP/1.1 ${status}`, `Content-Length: ${content.length}`, ...fields) + content

export const OK = answer('200 OK', 'ok')

export const chunk = (data: string): string => `${data.length.toString(16)}\r\n${data}\r\n`
export const LAST_CHUNK = '0\r\n\r\n'

export const turn = (request: string, response: string): Turn[] => [
  ['client', request],
  ['server', response],
]

/** What shows that both sides were read to their ends and no further. */
const AFTER: readonly Turn[] = turn(ask('GET /after'), answer('200 OK', 'after'))
const AFTER_ROW = row('GET /after 200', 0, 5)

/** One exchange, and another behind it on the same connection. */
export function exchange(name: string, request: string, expected: Row, response = OK): Case {
  return { name, turns: [...turn(request, response), ...AFTER], rows: [expected, AFTER_ROW] }
}

/** Requests that differ in their lines: what it is about, the line, and what is shown of it where that isn't the same. */
export const lines = (all: readonly (readonly [what: string, line: string, shown?: string])[]): Case[] =>
  all.map(([what, line, shown = line]) => exchange(what, ask(line), row(`${shown} 200`, 0, 2)))

/** As `exchange`, with all turns given. */
export function goesOn(name: string, turns: readonly Turn[], rows: readonly Row[]): Case {
  return { name, turns: [...turns, ...AFTER], rows: [...rows, AFTER_ROW] }
}

/** One exchange whose end is the connection's. */
export function last(
  name: string,
  request: string,
  expected: Row,
  response = OK,
  closes: Case['closes'] = 'server',
): Case {
  return { name, turns: turn(request, response), rows: [expected], closes }
}

/** Only the opening tells what begins: a joined connection has some of the rows at most. */
export const opened = (each: Case): Case => ({ ...each, joined: 'some' })
