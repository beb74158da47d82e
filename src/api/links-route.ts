/** `POST /api/links`: makes a link that gives access to a browser whose account has none of its own. */
import { LINK_SECONDS } from '../access/sessions'
import { NixieError } from '../errors'
import { badBody, readFields } from './json-body'
import type { Route } from './route'
import { component, integer, object, type Static, string } from './schema'

const HINT = 'Send JSON: {"user": 1000} for the browser of one account, or {}.'

/** @throws NixieError `bad_request` */
function readUser(body: string): number | undefined {
  const { user } = readFields(body === '' ? '{}' : body, ['user'], HINT)
  if (user === undefined) return undefined
  if (typeof user === 'number' && Number.isInteger(user) && user >= 0) return user
  throw badBody("The body's field 'user' is no user id", HINT)
}

const LinkShape = object({
  path: string('To be opened once, on this server'),
  seconds: integer('How long it opens'),
})
const Link = component('Link', LinkShape)
export type Link = Static<typeof LinkShape>

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
  answers: { 'application/json': Link },
  handle: async (c, _query, { sessions }) => {
    const user = readUser(await c.req.text())
    if (!sessions)
      throw new NixieError('unavailable', 'This address gives out no links', 'Ask the node itself.')
    return c.json({ path: `/enter?token=${sessions.link(user)}`, seconds: LINK_SECONDS })
  },
}
