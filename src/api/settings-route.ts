/** Settings that may change while Nixie runs. */
import { SETTINGS } from '../config'
import { NixieError } from '../errors'
import { badBody, readObject } from './json-body'
import type { ChangeableSettings, Route } from './route'
import { component, integer, object } from './schema'

/** The largest body limit: a message is rebuilt in at most this much memory. */
const MAX_BODY_LIMIT = 1 << 20

const HINT = 'Send JSON such as {"bodyLimit": "4K"}; other settings need a restart.'
const bad = (message: string): NixieError => badBody(message, HINT)

/** @throws NixieError `bad_request` for any other form. Redaction is not among them: a request must not lift it. */
export function readSettings(body: string): ChangeableSettings {
  const fields = readObject(body, HINT)
  const unknown = Object.keys(fields).find((key) => key !== 'bodyLimit')
  if (unknown !== undefined) throw bad(`'${unknown.slice(0, 64)}' can't be changed while Nixie runs`)
  const { bodyLimit } = fields
  if (bodyLimit === undefined) throw bad('The body changes nothing')
  const bytes = SETTINGS.bodyLimit.parse(String(bodyLimit))
  if (bytes === undefined || bytes > MAX_BODY_LIMIT)
    throw bad(
      `bodyLimit: '${String(bodyLimit).slice(0, 64)}' is not a number of bytes up to ${MAX_BODY_LIMIT}`,
    )
  return { bodyLimit: bytes }
}

const RunningSettings = component(
  'RunningSettings',
  object({ bodyLimit: integer('Bytes kept of each message body') }),
)

export const changeSettings: Route = {
  method: 'patch',
  path: '/api/settings',
  changes: true,
  id: 'changeSettings',
  summary: 'Change what capture keeps, from the next message on',
  parameters: {},
  body: {
    'application/json': {
      schema: {
        type: 'object',
        properties: {
          bodyLimit: {
            type: ['integer', 'string'],
            description: `${SETTINGS.bodyLimit.help}; ${SETTINGS.bodyLimit.shape}`,
          },
        },
        required: ['bodyLimit'],
        additionalProperties: false,
      },
    },
  },
  answers: { 'application/json': RunningSettings },
  handle: async (c, _query, { change }) => {
    const settings = readSettings(await c.req.text())
    if (!change) {
      throw new NixieError('unavailable', 'Nothing is captured here', 'Start Nixie without --capture false.')
    }
    change(settings)
    return c.json(settings)
  },
}
