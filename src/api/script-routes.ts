/** The library, and the user's own scripts. */
import type { ScriptInfo, ScriptVariable } from '../runner/runner'
import { unknownScript } from '../suggest'
import { type Route, SCRIPT_PATH, scriptName } from './route'
import { component, list, number, object, oneOf, optional, raw, schemaOf, string } from './schema'

const Variables = list(
  component(
    'Variable',
    schemaOf<ScriptVariable>()(
      object({
        name: string(),
        type: string('PX_STRING, PX_INT64, PX_POD, …'),
        defaultValue: optional(string()),
        description: string(),
        validValues: optional(list(string())),
      }),
    ),
  ),
)

const DESCRIBED = {
  name: string(),
  origin: optional(
    oneOf(
      ['own', 'override'],
      "Of the folder of --scripts-dir, perhaps in place of the library's; absent: of the library",
    ),
  ),
  short: string(),
  long: string(),
  variables: Variables,
}

const Scripts = component('Scripts', object({ scripts: list(object(DESCRIBED)) }))

const Script = component(
  'Script',
  schemaOf<ScriptInfo>()(
    object({
      ...DESCRIBED,
      widgets: list(
        object({
          name: string(),
          position: object({ x: number(), y: number(), w: number(), h: number() }),
          table: string('The result table that it shows'),
          displaySpec: raw<Readonly<Record<string, unknown>>>({ type: 'object' }),
        }),
      ),
      text: string('PxL'),
      viewText: optional(string('Its vis.json as it stands')),
    }),
  ),
)

export const listScripts: Route = {
  method: 'get',
  path: '/api/scripts',
  id: 'listScripts',
  summary: 'Scripts of the library',
  parameters: {},
  answers: { 'application/json': Scripts },
  handle: async (c, _query, { runner }) => {
    const all = await runner.scripts()
    return c.json({
      scripts: all.map(({ origin, name, short, long, variables }) => ({
        name,
        ...(origin && { origin }),
        short,
        long,
        variables,
      })),
    })
  },
}

export const readScript: Route = {
  method: 'get',
  path: '/api/scripts/:ns/:name',
  id: 'readScript',
  summary: 'One script: its text, its variables, its widgets',
  parameters: SCRIPT_PATH,
  answers: { 'application/json': Script },
  handle: async (c, _query, { runner }) => {
    const name = scriptName(c)
    const found = await runner.script(name)
    if (!found) {
      const names = (await runner.scripts()).map((info) => info.name)
      throw unknownScript(name, names, 'GET /api/scripts lists them.')
    }
    return c.json(found)
  },
}
