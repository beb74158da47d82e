/** install.sh by download, for a cluster: from the one line to the first rows on the screen, and away again. */
import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isArch } from '../../bpf/cross'
import { release } from '../../deploy/release'
import { isRoot } from '../support/nixie'
import { Pace } from '../support/pace'
import { PATIENCE_MS, Scope, until } from '../support/scope'
import {
  deployDemo,
  inside,
  kubectl,
  NIXIE_IMAGE,
  removeLoadedImages,
  run,
  standIns,
  useCluster,
} from './support'

describe.skipIf(!isRoot)('install.sh --k8s (needs root)', () => {
  const scope = new Scope('cluster-install')
  // The release's manifest keeps its data there, on the node: this machine.
  const data = '/var/lib/nixie'
  const wasThere = existsSync(data)
  useCluster(async () => {
    if (!wasThere) rmSync(data, { recursive: true, force: true })
    await kubectl('delete', 'namespace', 'kuard', '--ignore-not-found')
    await removeLoadedImages()
    await scope.close()
  })

  test('applies the release, waits for the pod, takes it away again', async () => {
    await kubectl('delete', 'namespace', 'nixie', '--ignore-not-found')
    await deployDemo('kuard')
    const out = join(scope.dir, 'release')
    await release({ out, arches: [process.arch].filter(isArch), level: 1 })
    const server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: ({ url }) => new Response(Bun.file(join(out, new URL(url).pathname))),
    })
    scope.defer(() => server.stop(true))
    const place = standIns(scope.dir)
    const script = readFileSync(join(out, 'install.sh'), 'utf8')
    const install = (...args: string[]) =>
      run(['sh', '-s', '--', ...args], {
        cwd: scope.dir,
        input: script,
        ms: 4 * PATIENCE_MS,
        env: { ...place.env, NIXIE_RELEASE_URL: server.url.href.replace(/\/$/, ''), PREFIX: scope.dir },
      })

    const pace = new Pace()
    const ended = await install('--k8s', '--image', NIXIE_IMAGE)
    expect(ended.err + ended.out).toContain('Nixie captures')
    expect(ended.code).toBe(0)
    await until('rows on the screen', async () =>
      (await inside('run', 'px/http_data', '--', '--destination_filter=kuard/')).includes('/fs/etc'),
    )
    const seconds = pace.ms() / 1000
    console.log(`install.sh to the first rows: ${seconds.toFixed(1)} s of a machine with nothing else to do`)
    expect(seconds).toBeLessThan(60)

    const pods = () => kubectl('-n', 'nixie', 'get', 'pods', '-o', 'name')
    const before = await pods()
    expect((await install('--k8s', '--image', NIXIE_IMAGE)).code).toBe(0)
    expect(await pods()).toBe(before)
    // The released binary makes the image by itself.
    const own = await install('--k3s')
    expect(own.out).toContain('Loading the image localhost/nixie:')
    expect(own.code).toBe(0)
    const gone = await install('--k8s', '--uninstall')
    expect(gone.out).toContain('--purge deletes it too')
    expect(await kubectl('get', 'clusterrole,namespace', '-o', 'name')).not.toContain('/nixie\n')
  })
})
