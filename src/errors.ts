/** The one error that users see: in JSON, as an HTML fragment, in the terminal. */

export type ErrorCode =
  | 'bad_request'
  | 'unknown_script'
  | 'unknown_argument'
  | 'unknown_table'
  | 'unknown_column'
  | 'syntax_error'
  | 'type_error'
  | 'compile_error'
  | 'bad_time_range'
  | 'too_large'
  | 'forbidden_host'
  | 'forbidden_site'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'limit_exceeded'
  | 'too_many_requests'
  | 'deadline_exceeded'
  | 'cancelled'
  | 'unavailable'
  | 'store_error'
  | 'internal'

/** A place in a script's text, or in another file of it; `line` and `column` count from 1. */
export interface Place {
  line?: number
  column?: number
  /** The file of the script's folder that is meant (`vis.json`); absent for the text. */
  file?: string
}

/** The fields of the error shape `{error: {code, message, hint, line?, column?, file?}}`. */
export interface ErrorShape extends Place {
  code: ErrorCode
  message: string
  hint: string
}

const STATUS: Record<ErrorCode, number> = {
  bad_request: 400,
  unknown_script: 404,
  unknown_argument: 400,
  unknown_table: 404,
  unknown_column: 400,
  syntax_error: 400,
  type_error: 400,
  compile_error: 400,
  bad_time_range: 400,
  too_large: 413,
  forbidden_host: 403,
  forbidden_site: 403,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  limit_exceeded: 422,
  too_many_requests: 429,
  deadline_exceeded: 504,
  cancelled: 499,
  unavailable: 503,
  store_error: 500,
  internal: 500,
}

export class NixieError extends Error {
  readonly shape: ErrorShape

  constructor(code: ErrorCode, message: string, hint = '', at: Place = {}) {
    super(message)
    this.name = 'NixieError'
    this.shape = { code, message, hint, ...at }
  }

  /** The HTTP status that fits the code. */
  get status(): number {
    return STATUS[this.shape.code]
  }

  /** Any thrown value as a NixieError: what isn't one is a defect of ours and says so. */
  static from(cause: unknown): NixieError {
    if (cause instanceof NixieError) return cause
    return new NixieError(
      'internal',
      messageOf(cause),
      'This is a defect in Nixie: please report it with the script or request.',
    )
  }

  /** Rebuilds an error that crossed a thread as its shape. */
  static fromShape(shape: ErrorShape): NixieError {
    const { code, message, hint, line, column, file } = shape
    return new NixieError(code, message, hint, {
      ...(line !== undefined && { line, column: column ?? 1 }),
      ...(file !== undefined && { file }),
    })
  }
}

/** What was thrown, in words. */
export const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** The code of the system's or a library's error, such as `ENOENT`; undefined when it has none. */
export function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
}

/** An error in one line: where, what, and what to do. */
export function errorLine({ shape: { message, hint, line, column } }: NixieError): string {
  const where = line === undefined ? '' : `line ${line}, column ${column ?? 1}: `
  return `${where}${message}${hint === '' ? '' : ` (${hint})`}`
}
