/** A route is one declaration: the app serves it and `/openapi.json` describes it. */
import type { Context } from 'hono'
import { accepts } from 'hono/accepts'
import type { TSchema } from 'typebox'
import type { Sessions } from '../access/sessions'
import type { Config } from '../config'
import { NixieError } from '../errors'
import type { Counters } from '../health/counters'
import { keysOf } from '../keys'
import type { Peers } from '../peers/peers'
import type { Runner, StreamOutput } from '../runner/runner'
import { didYouMean } from '../suggest'
import { FORMATS, type Format } from './answers'
import type { OpenStreams } from './open-streams'
import type { Status } from './status'

/** Settings that requests may change while capture runs. */
export type ChangeableSettings = Pick<Config, 'bodyLimit'>

export interface RouteDeps {
  readonly runner: Runner
  readonly status: () => Promise<Status> | Status
  readonly config: Config
  /** The API's own counters; `requests` is counted here. */
  readonly counters?: Partial<Counters>
  /** The nodes of the cluster; absent outside of one. */
  readonly peers?: () => Peers
  /** The text of `--peer-token-file`. */
  readonly peerToken?: string
  /** Links and sessions for browsers; absent where the connection's account doesn't matter. */
  readonly sessions?: Pick<Sessions, 'link'>
  /** Changes settings of the running capture; absent when nothing is captured. */
  readonly change?: (settings: ChangeableSettings) => void
}

/** What a route's handler may use. */
export interface Served extends RouteDeps {
  readonly streams: OpenStreams
}

export interface Parameter {
  readonly in: 'path' | 'query'
  readonly description: string
  readonly schema: { readonly type: 'string' | 'integer' } & Readonly<Record<string, unknown>>
  readonly example?: string
}

export const pathParameter = (description: string, example: string): Parameter => ({
  in: 'path',
  description,
  schema: { type: 'string' },
  example,
})

export interface Route {
  readonly method: 'get' | 'post' | 'patch'
  /** In Hono's notation: `/api/scripts/:ns/:name`. */
  readonly path: string
  readonly id: string
  readonly summary: string
  readonly description?: string
  readonly parameters: Readonly<Record<string, Parameter>>
  /** Query parameters that aren't declared are arguments of the script. */
  readonly takesArguments?: boolean
  readonly body?: Readonly<Record<string, { readonly schema: Readonly<Record<string, unknown>> }>>
  /** Content types of the answer; of JSON its schema. */
  readonly answers: Readonly<Record<string, TSchema | 'text' | 'bytes'>>
  /** Statuses besides 200 whose body isn't an error. */
  readonly alsoAnswers?: Readonly<Record<string, string>>
  /** Open to everyone, since orchestrators send no token. It must tell no more than a status. */
  readonly open?: boolean
  /** It needs more than the right to look. */
  readonly changes?: boolean
  readonly handle: (c: Context, query: Query, deps: Served) => Promise<Response> | Response
}

/** The query string, checked against the declaration. */
export interface Query {
  readonly declared: Readonly<Record<string, string>>
  readonly args: Readonly<Record<string, string>>
}

const ARGUMENT_PREFIX = 'arg.'

/** @throws NixieError `bad_request` for a parameter given twice, undeclared, or not of its shape. */
export function readQuery(c: Context, route: Route): Query {
  const declared: Record<string, string> = {}
  const args: [string, string][] = []
  const names = Object.keys(route.parameters).filter((name) => route.parameters[name]!.in === 'query')
  for (const [name, values] of Object.entries(c.req.queries())) {
    if (values.length > 1) {
      throw new NixieError(
        'bad_request',
        `Parameter '${name}' is given ${values.length} times`,
        'Give it once.',
      )
    }
    if (names.includes(name)) declared[name] = values[0]!
    else if (route.takesArguments)
      args.push([name.startsWith(ARGUMENT_PREFIX) ? name.slice(ARGUMENT_PREFIX.length) : name, values[0]!])
    else {
      const hint = names.length > 0 ? `It takes: ${names.join(', ')}.` : 'It takes none.'
      throw new NixieError(
        'bad_request',
        `${route.path} takes no parameter '${name}'`,
        didYouMean(name, names) + hint,
      )
    }
  }
  return { declared, args: Object.fromEntries(args) }
}

export function readInteger(
  query: Query,
  name: string,
  range: { min: number; max: number },
): number | undefined {
  const text = query.declared[name]
  if (text === undefined) return undefined
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= range.min && value <= range.max) return value
  throw new NixieError(
    'bad_request',
    `${name}: '${text}' is not a whole number from ${range.min} to ${range.max}`,
    `Give ${name} a number in that range.`,
  )
}

function readChoice<T extends string>(query: Query, name: string, choices: readonly T[]): T | undefined {
  const text = query.declared[name]
  if (text === undefined) return undefined
  const chosen = choices.find((choice) => choice === text)
  if (chosen !== undefined) return chosen
  throw new NixieError(
    'bad_request',
    `${name}: '${text}' is not one of ${choices.join(', ')}`,
    `Give ${name} one of them.`,
  )
}

const formatNames: readonly Format[] = keysOf(FORMATS)

/** `format=` wins over the Accept header. An unknown Accept header gets JSON. */
export function readFormat(c: Context, query: Query): Format {
  const asked = readChoice(query, 'format', formatNames)
  if (asked !== undefined) return asked
  const type = accepts(c, { header: 'Accept', supports: Object.values(FORMATS), default: FORMATS.json })
  return formatNames.find((name) => FORMATS[name] === type)!
}

/** A switch: `1` or `0`. */
export const readSwitch = (query: Query, name: string): boolean => readChoice(query, name, ['0', '1']) === '1'

export function readShape(query: Query): NonNullable<StreamOutput['shape']> {
  return readChoice(query, 'shape', ['rows', 'columns']) ?? 'rows'
}

/** Of a script's path: its name as `namespace/name`. */
export const scriptName = (c: Context) => `${c.req.param('ns')}/${c.req.param('name')}`

export const SCRIPT_PATH = {
  ns: pathParameter('Namespace of the script', 'px'),
  name: pathParameter('Name of the script', 'http_data'),
}
