/** `nixie ui` on a machine: a link of root's for a browser, and the refusal for who may make none. */
import { afterAll, expect, test } from 'bun:test'
import { Owners } from '../../src/access/owner'
import { createApp } from '../../src/api/app'
import { serve } from '../../src/api/serve'
import { apiDeps, strict } from '../support/app'
import { runCli } from './run-cli'

const isRoot = process.getuid!() === 0
const server = serve(createApp({ ...apiDeps(), access: strict(undefined, new Owners()) }), '127.0.0.1:0')
afterAll(() => server.stop(0))
const ui = (env: Record<string, string> = {}) => runCli(['ui', '--no-open', '--server', server.url], { env })

test.skipIf(!isRoot)('root gets a link, for the account behind sudo (needs root)', async () => {
  const { code, out, err } = await ui({ SUDO_UID: '65534' })
  expect(code).toBe(0)
  expect(out).toStartWith(`${server.url}/enter?token=`)
  expect(err).toContain('It opens once, within 5 minutes')
  const open = async (uid: number) => {
    const curl = ['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', '--noproxy', '*', out.trim()]
    const child = Bun.spawn(['setpriv', `--reuid=${uid}`, '--clear-groups', ...curl], { stdout: 'pipe' })
    return new Response(child.stdout).text()
  }
  expect(await open(1)).toBe('403')
  expect(await open(65534)).toBe('303')
  expect(await open(65534)).toBe('403')
})

test.skipIf(isRoot)(
  'an account that may not look reads how it may (needs an account that is not root)',
  async () => {
    const { code, err } = await ui()
    expect(code).toBe(1)
    expect(err).toContain('sudo nixie ui')
  },
)
