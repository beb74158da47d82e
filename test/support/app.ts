import type { Hono } from 'hono'
import { type ApiDeps, createApp } from '../../src/api/app'
import { type Config, readConfig } from '../../src/config'
import { RecordingRunner } from './recording-runner'
import { statusOf } from './status'

/** What an app is made of: literal tables, the default settings. */
export const apiDeps = (settings: Partial<Config> = {}): ApiDeps => ({
  runner: new RecordingRunner(),
  status: () => statusOf(),
  config: { ...readConfig({}, {}), ...settings },
})

/** An app over literal tables with the default settings, `flags` and `deps` on top. */
export function testApp(
  flags: Readonly<Record<string, string>> = {},
  deps: Partial<ApiDeps> = {},
): { app: Hono; runner: RecordingRunner } {
  const runner = new RecordingRunner()
  const app = createApp({ runner, status: () => statusOf(), config: readConfig(flags, {}), ...deps })
  return { app, runner }
}
