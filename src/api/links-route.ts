/** `POST /api/links`: a way in for a browser whose account may not look by itself. */
import { LINK_SECONDS } from '../access/sessions'
import { messageOf, NixieError } from '../errors'
import type { Route } from './route'

const HINT = 'Send JSON: {"user": 1000} for the browser of one account, or {}.'
const bad = (message: string) => new NixieError('bad_request', message, HINT)

/** @throws NixieError `bad_request` */
function readUser(body: string): number | undefined {
  let value: unknown
  try {
    value = JSON.parse(body === '' ? '{}' : body)
  } catch (cause) {
    throw bad(`The body is not JSON: ${messageOf(cause)}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw bad('The body is not a JSON object')
  const unknown = Object.keys(value).find((key) => key !== 'user')
  if (unknown !== undefined) throw bad(`The body has an unknown field '${unknown.slice(0, 64)}'`)
  const { user } = value as { user?: unknown }
  if (user === undefined || (Number.isInteger(user) && Number(user) >= 0)) return user as number | undefined
  throw bad("The body's field 'user' is no user id")
}

export const makeLink: Route = {
  method: 'post',
  path: '/api/links',
  changes: true,
  id: 'makeLink',
  summary: 'A link that lets one browser in, once; `nixie ui` prints it',
  parameters: {},
  body: {
    'application/json': {
      schema: {
        type: 'object',
        properties: {
          user: { type: 'integer', minimum: 0, description: 'Whose browser it is for: a user id' },
        },
        additionalProperties: false,
      },
    },
  },
  answers: { 'application/json': 'Link' },
  handle: async (c, _query, { sessions }) => {
    const user = readUser(await c.req.text())
    if (!sessions)
      throw new NixieError('unavailable', 'Nobody is let in by links here', 'Ask the node itself.')
    return c.json({ path: `/enter?token=${sessions.link(user)}`, seconds: LINK_SECONDS })
  },
}
