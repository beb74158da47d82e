/** Makes `/openapi.json` (OpenAPI 3.1) from the routes' declarations. */
import type { ErrorCode, ErrorShape } from '../errors'
import { NixieError } from '../errors'
import type { Route } from './route'
import { component, components, integer, object, optional, raw, schemaOf, string } from './schema'
import { VERSION } from './version'

const ErrorAnswer = component(
  'Error',
  object({
    error: schemaOf<ErrorShape>()(
      object({
        code: raw<ErrorCode>({ type: 'string', description: 'Stable; for programs' }),
        message: string('For people'),
        hint: string('What to do about it; may be empty'),
        line: optional(integer('Of the script text', 1)),
        column: optional(integer(undefined, 1)),
        file: optional(string("The file of the script's folder that is meant; absent for its text")),
      }),
    ),
  }),
)

/** `/api/scripts/:ns/:name` in OpenAPI's notation. */
export const openApiPath = (path: string) => path.replace(/:(\w+)/g, '{$1}')

function errorAnswer(description: string) {
  return { description, content: { 'application/json': { schema: ErrorAnswer } } }
}

/** The errors that every route may end in, by status; a run adds those of the script. */
function errorCodes(route: Route): readonly ErrorCode[] {
  const always: ErrorCode[] = ['bad_request', 'unauthorized', 'forbidden_host', 'internal', 'unavailable']
  if (route.body) always.push('too_large')
  if (route.path.includes(':')) always.push('not_found')
  if (route.takesArguments) always.push('limit_exceeded', 'deadline_exceeded', 'too_many_requests')
  return always
}

const RAW = new Map<unknown, object>([
  ['text', { type: 'string' }],
  ['bytes', { type: 'string', contentMediaType: 'application/octet-stream' }],
])

function responses(route: Route) {
  const content = Object.fromEntries(
    Object.entries(route.answers).map(([type, schema]) => [type, { schema: RAW.get(schema) ?? schema }]),
  )
  const errors = errorCodes(route).map((code) => {
    const { status } = new NixieError(code, code)
    return [String(status), errorAnswer(ERROR_WORDS[status] ?? code)]
  })
  return { '200': { description: route.summary, content }, ...Object.fromEntries(errors) }
}

const ERROR_WORDS: Readonly<Record<number, string>> = {
  400: 'The request or the script is not right; the error says where',
  401: 'The token is missing or wrong',
  403: 'This account may not look, or not change this; or the Host or the site is not one that Nixie answers to',
  404: 'There is no such script or table',
  413: 'The body is too large',
  429: 'This client has too many streams open, or waited too long for its turn: Retry-After says when to ask again',
  422: 'The query needs more than it may take',
  500: 'A defect in Nixie, or in its store',
  503: 'Not there now',
  504: 'The query took longer than it may',
}

function operation(route: Route) {
  const parameters = Object.entries(route.parameters).map(([name, parameter]) => ({
    name,
    ...parameter,
    required: parameter.in === 'path',
  }))
  const open = route.takesArguments
    ? [
        {
          name: 'arguments',
          in: 'query',
          description: "The script's arguments by name",
          required: false,
          style: 'form',
          explode: true,
          schema: { type: 'object', additionalProperties: { type: 'string' } },
        },
      ]
    : []
  return {
    operationId: route.id,
    summary: route.summary,
    ...(route.description && { description: route.description }),
    parameters: [...parameters, ...open],
    ...(route.body && { requestBody: { required: true, content: route.body } }),
    responses: responses(route),
  }
}

export function openApi(routes: readonly Route[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const path = openApiPath(route.path)
    paths[path] = { ...paths[path], [route.method]: operation(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Nixie',
      version: VERSION,
      description:
        'What the processes of this node say over the network: scripts, tables, status. Every error has the one shape `Error`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{}, { bearer: [] }, { basic: [] }],
    paths,
    components: {
      schemas: components(),
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'Needed when the listen address is not loopback',
        },
        basic: { type: 'http', scheme: 'basic', description: 'The token as the password, for browsers' },
      },
    },
  }
}
