import type { Hono } from 'hono'
import { Access } from '../../src/access/access'
import { Accounts } from '../../src/access/accounts'
import { Owners } from '../../src/access/owner'
import { Sessions } from '../../src/access/sessions'
import { type ApiDeps, createApp } from '../../src/api/app'
import { type Config, readConfig } from '../../src/config'
import { RecordingRunner } from './recording-runner'
import { statusOf } from './status'

/** Lets everyone in: what a test is not about. */
export const everyone = (): ApiDeps['access'] => ({
  admit: () => ({ may: 'change', client: 'test' }),
  sessions: new Sessions(),
  uids: () => [],
  client: () => 'test',
})

/** Tells nothing of any connection. */
const UNKNOWN = new Owners({ find: () => undefined, list: () => [] })

/** As Nixie itself judges; without `owners`, on connections that tell nothing of their account. */
export const strict = (token?: string, owners = UNKNOWN): Access =>
  new Access({
    accounts: new Accounts({ allowUsers: '', allowGroups: '' }, { uid: 0 }),
    owners,
    sessions: new Sessions(),
    token,
    wayIn: 'sudo nixie ui',
  })

/** What an app is made of: literal tables, the default settings. */
export const apiDeps = (settings: Partial<Config> = {}): ApiDeps => ({
  runner: new RecordingRunner(),
  status: () => statusOf(),
  access: everyone(),
  config: { ...readConfig({}, {}), ...settings },
})

/** An app over literal tables with the default settings, `flags` and `deps` on top. */
export function testApp(
  flags: Readonly<Record<string, string>> = {},
  deps: Partial<ApiDeps> = {},
): { app: Hono; runner: RecordingRunner } {
  const runner = new RecordingRunner()
  const access = deps.token === undefined ? everyone() : strict(deps.token)
  const app = createApp({ runner, status: () => statusOf(), config: readConfig(flags, {}), access, ...deps })
  return { app, runner }
}
