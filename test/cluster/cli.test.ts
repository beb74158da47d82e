/** The commands for clusters, from this host, against a real one. */

import { beforeAll, describe, expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { binary, isRoot } from '../support/nixie'
import { PATIENCE_MS, until } from '../support/scope'
import { kubectl, NIXIE_IMAGE, type Ran, run, state, useCluster } from './support'

const kubeconfig = ['--kubeconfig', join(state, 'conf/admin.kubeconfig')]
const nixie = (...args: string[]): Promise<Ran> =>
  run([binary, ...args, ...kubeconfig], { ms: 4 * PATIENCE_MS })

/** Data of its own, not that of a Nixie on this host. */
const DATA = '/var/lib/nixie-cli-test'
const deploy = (image: string) => nixie('deploy', '--image', image, '--data-dir', DATA)

const secretOf = () => kubectl('-n', 'nixie', 'get', 'secret', 'nixie-peer', '-o', 'jsonpath={.data.token}')

describe.skipIf(!isRoot)('the commands', () => {
  const clean = async () => {
    await nixie('delete')
    // One that other tests have made is not the command's to delete.
    await kubectl('delete', 'namespace', 'nixie', '--ignore-not-found')
    rmSync(DATA, { recursive: true, force: true })
  }
  useCluster(clean)
  beforeAll(clean)

  test('deploy says what it does, and ends when the node captures', async () => {
    const { code, out, err } = await deploy(NIXIE_IMAGE)
    expect(err).toBe('')
    expect(out).toMatch(/nixie-\w+ on node-1: ready/)
    expect(out).toContain('Nixie captures on 1 node, after')
    expect(code).toBe(0)
  })

  test('again it changes nothing', async () => {
    const pod = await kubectl('-n', 'nixie', 'get', 'pods', '-o', 'name')
    const token = await secretOf()
    expect((await deploy(NIXIE_IMAGE)).code).toBe(0)
    expect(await kubectl('-n', 'nixie', 'get', 'pods', '-o', 'name')).toBe(pod)
    expect(await secretOf()).toBe(token)
  })

  test('status of every node', async () => {
    const { code, out } = await nixie('status')
    expect(out).toContain('namespace nixie: 1 of 1 nodes capture')
    expect(out).toMatch(/node-1\s+nixie-\w+\s+capturing/)
    expect(code).toBe(0)
  })

  test('ui forwards a port until it is ended', async () => {
    const child = spawn(binary, ['ui', '--port', '0', ...kubeconfig], { stdio: ['ignore', 'pipe', 'pipe'] })
    try {
      let said = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
      const url = await until('the address', () => /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0])
      const page = await fetch(url, { headers: { Accept: 'text/html' } })
      expect(page.status).toBe(200)
      expect(await page.text()).toContain('Nixie')
      const { nodes } = (await (await fetch(`${url}/api/nodes`)).json()) as { nodes: object[] }
      expect(nodes).toMatchObject([{ name: 'node-1', ready: true, own: true }])
      expect((await fetch(`${url}/api/status?node=node-1`)).status).toBe(200)
      expect((await fetch(`${url}/api/status?node=node-2`)).status).toBe(404)
    } finally {
      const ended = new Promise((resolve) => child.on('exit', resolve))
      child.kill('SIGINT')
      expect(await ended).toBe(0)
    }
  })

  test('demo: there, seen, gone', async () => {
    expect((await nixie('demo', 'deploy', 'kuard')).code).toBe(0)
    const { code, out } = await nixie('demo', 'delete', 'kuard')
    expect(out).toContain('Namespace kuard deleted')
    expect(code).toBe(0)
    expect((await run(['kubectl', 'get', 'namespace', 'kuard'])).code).not.toBe(0)
  })

  test('an image that is nowhere is said, not waited for', async () => {
    const { code, err } = await deploy('test.local/missing:1')
    expect(code).toBe(1)
    expect(err).toContain('test.local/missing:1')
    expect(err).toContain("can't be pulled")
    expect((await deploy(NIXIE_IMAGE)).code).toBe(0)
  })

  test('delete keeps the data; --purge does not', async () => {
    await deploy(NIXIE_IMAGE)
    const kept = await nixie('delete')
    expect(kept.out).toContain('--purge deletes it too')
    expect(kept.code).toBe(0)
    expect((await run(['kubectl', 'get', 'namespace', 'nixie'])).code).not.toBe(0)
    const data = join(DATA, 'nixie.db')
    expect(existsSync(data)).toBe(true)
    expect((await deploy(NIXIE_IMAGE)).code).toBe(0)
    const { code, out } = await nixie('delete', '--purge')
    expect(out).toMatch(/node-1: .*deleted/)
    expect(code).toBe(0)
    expect(existsSync(data)).toBe(false)
  })
})
