/** A real cluster: every end of a request has its pod's name, whatever happens to pods, Nixie and the API server. */
import { beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { binary, isRoot, type Row } from '../support/nixie'
import { slowness } from '../support/pace'
import { PATIENCE_MS, until } from '../support/scope'
import {
  apply,
  deployDemo,
  deployNixie,
  forward,
  inside,
  kubectl,
  label,
  must,
  NIXIE_IMAGE,
  nixieReady,
  ROLLOUT,
  rowsInside,
  useCluster,
} from './support'

/** Requests of the library's script, ends as text. */
const requests = async (...filter: string[]): Promise<Row[]> =>
  (await rowsInside('px/http_data', '--', '--start_time=-15m', '--max_num_records=10000', ...filter)).map(
    (row) => ({
      ...row,
      source: label(row.source),
      destination: label(row.destination),
    }),
  )

const at = async (path: string): Promise<Row[]> =>
  (await requests('--destination_filter=kuard/')).filter((row) => row.req_path === path)

const pods = async (selector: string): Promise<string[]> =>
  (
    await kubectl(
      ...['-n', 'kuard', 'get', 'pods', '-l', selector, '--field-selector=status.phase=Running'],
      ...['-o', 'jsonpath={range .items[*]}kuard/{.metadata.name}{"\\n"}{end}'],
    )
  )
    .split('\n')
    .filter(Boolean)

/** Rows of an earlier run may be there. */
const RUN = Date.now().toString(36)
const pathOf = (name: string) => `/${name}-${RUN}`
const urlOf = (name: string) => `http://kuard${pathOf(name)}`

const pod = (name: string, args: string[], restartPolicy = 'Never') =>
  apply(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'kuard' },
      spec: {
        restartPolicy,
        terminationGracePeriodSeconds: 1,
        containers: [{ name, image: NIXIE_IMAGE, imagePullPolicy: 'Never', args: ['sample', ...args] }],
      },
    }),
  )

/** By someone in the cluster; the kubelet's probes don't count. */
const asked = (row: Row) => row.req_path !== '/healthz'

const milliseconds = (row: Row) => Number(BigInt(String(row.time_)) / 1_000_000n)

describe.skipIf(!isRoot)('in a cluster (needs root)', () => {
  useCluster(async () => {
    await kubectl('delete', 'namespace', 'kuard', '--ignore-not-found')
  })
  beforeAll(async () => {
    await deployNixie()
    await deployDemo('kuard')
  })

  test('both ends of a request have their names, inside and outside', async () => {
    const [server] = await pods('app=kuard')
    const [client] = await pods('app=client')
    const found = await until('a request with both names', async () =>
      (await requests(`--destination_filter=${server}`)).find(
        (row) => row.source === client && row.destination === server,
      ),
    )
    expect(found.resp_status).toBe(200)

    const way = await forward()
    try {
      const command = [binary, 'run', '--server', way.url, 'px/http_data', '-o', 'json']
      const out = await must([...command, '--', '--start_time=-5m', `--destination_filter=${server}`])
      const rows = out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Row)
      expect(rows.some((row) => label(row.source) === client && label(row.destination) === server)).toBe(true)
    } finally {
      way.close()
    }
  })

  test('a process knows its pod, service, namespace, workload and node', async () => {
    const script = `import px
df = px.DataFrame('http_events', start_time='-5m')
df = df[df.trace_role == 2]
df.pod = df.ctx['pod']
df.service = df.ctx['service']
df.namespace = df.ctx['namespace']
df.deployment = df.ctx['deployment']
df.node = df.ctx['node']
df.container = df.ctx['container']
df = df[px.contains(df.pod, 'kuard/kuard')]
px.display(df.groupby(['service', 'namespace', 'deployment', 'node', 'container']).agg(n=('latency', px.count)))
`
    const out = await until('a process with all of its names', async () => {
      const command = ['kubectl', '-n', 'nixie', 'exec', '-i', 'daemonset/nixie', '--']
      const text = await must([...command, 'nixie', 'run', '-f', '-', '-o', 'json'], { input: script })
      return text
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Row)[0]
    })
    expect(out).toMatchObject({
      service: 'kuard/kuard',
      namespace: 'kuard',
      deployment: 'kuard/kuard',
      node: 'node-1',
      container: 'kuard',
    })
  })

  test.each([
    ['px/cluster', []],
    ['px/namespace', ['--namespace=kuard']],
  ])('the service map of %s has the edge', async (script, args) => {
    const [client] = await pods('app=client')
    const edge = (row: Row) =>
      row.responder_service === 'kuard/kuard' &&
      row.requestor_pod === client &&
      String(row.responder_pod).startsWith('kuard/kuard-')
    const found = await until('the edge', async () => (await rowsInside(script, '--', ...args)).find(edge))
    expect(Number(found.request_throughput)).toBeGreaterThan(0)
  })

  test('a pod that has just started is named, and one that is gone at once', async () => {
    const busy = slowness()
    await pod('young', ['load', '20', urlOf('young')])
    await pod('brief', ['get', urlOf('brief')])
    const started = Date.parse(
      await until(
        'the pod starts',
        async () =>
          (await kubectl(
            ...['-n', 'kuard', 'get', 'pod', 'young', '-o'],
            'jsonpath={.status.containerStatuses[0].state.running.startedAt}',
          )) || undefined,
      ),
    )
    const first = await until('its first request', async () => (await at(pathOf('young'))).at(-1))
    // The start is known to the second.
    expect((milliseconds(first) - started) / Math.max(busy, slowness())).toBeLessThan(2000)
    expect(first.source).toBe('kuard/young')
    const brief = await until('the brief one', async () => (await at(pathOf('brief')))[0])
    expect(brief.source).toBe('kuard/brief')
    await kubectl('-n', 'kuard', 'delete', 'pod', 'young', 'brief', '--wait=false')
  })

  test('a pod that ends again and again keeps its name', async () => {
    await pod('looper', ['get', urlOf('loop')], 'Always')
    const rows = await until('two lives of it', async () => {
      const found = await at(pathOf('loop'))
      return found.length >= 2 && found
    })
    expect(new Set(rows.map((row) => row.source))).toEqual(new Set(['kuard/looper']))
    await kubectl('-n', 'kuard', 'delete', 'pod', 'looper', '--wait=false')
  })

  test('more pods, and the pods of a new version, are named', async () => {
    await kubectl('-n', 'kuard', 'scale', 'deployment/kuard', '--replicas=4')
    await kubectl('-n', 'kuard', 'rollout', 'status', 'deployment/kuard', ROLLOUT)
    const seen = async (names: string[], since: number) => {
      const rows = (await requests('--destination_filter=kuard/kuard')).filter(
        (row) => milliseconds(row) > since && asked(row),
      )
      const found = new Set(rows.map((row) => row.destination))
      return names.every((name) => found.has(name))
    }
    const four = await until('four of them run', async () => {
      const names = await pods('app=kuard')
      return names.length === 4 && names
    })
    await until('a request to each of the four', () => seen(four, 0))

    await kubectl('-n', 'kuard', 'set', 'env', 'deployment/kuard', 'VERSION=2')
    await kubectl('-n', 'kuard', 'rollout', 'status', 'deployment/kuard', ROLLOUT)
    const since = Date.now()
    const next = await until('only new pods run', async () => {
      const names = await pods('app=kuard')
      return names.length === 4 && names.every((name) => !four.includes(name)) && names
    })
    await until('a request to each new one', () => seen(next, since))
  })

  test('a deleted pod keeps its name, also after Nixie has restarted with its data', async () => {
    const [gone] = await pods('app=kuard')
    const before = await until('a request to it', async () => {
      const rows = await requests(`--destination_filter=${gone}`)
      return rows.length > 0 && rows
    })
    await kubectl('delete', 'pod', '-n', 'kuard', gone!.split('/')[1]!)
    expect((await requests(`--destination_filter=${gone}`)).length).toBeGreaterThanOrEqual(before.length)

    await kubectl('-n', 'nixie', 'delete', 'pod', '-l', 'app.kubernetes.io/name=nixie')
    await nixieReady()
    // The rollout counts as done until the controller has seen that the pod is gone.
    const after = await until('the new pod answers', () => requests(`--destination_filter=${gone}`))
    const times = new Set(after.map((row) => row.time_))
    expect(before.filter((row) => !times.has(row.time_))).toEqual([])
  })

  test('without the API server it goes on, and it follows again when that is back', async () => {
    const restarts = () =>
      kubectl(
        ...['-n', 'nixie', 'get', 'pods', '-o'],
        'jsonpath={.items[0].status.containerStatuses[0].restartCount}',
      )
    const apiserver = join(import.meta.dir, 'node/apiserver.sh')
    const left = Date.now()
    await must([apiserver, 'stop'])
    await Bun.sleep(60_000)
    const back = Date.now()
    await must([apiserver, 'start'], { ms: 4 * PATIENCE_MS })

    // The kubelet lets nobody in before it has asked the server about him.
    const all = await until('the pod is reached', () => requests('--destination_filter=kuard/kuard'))
    const during = all.filter(
      (row) => milliseconds(row) > left + 2000 && milliseconds(row) < back && asked(row),
    )
    expect(during.length).toBeGreaterThan(20)
    expect(during.filter((row) => !String(row.source).startsWith('kuard/'))).toEqual([])
    await kubectl('wait', '--for=condition=Ready', ROLLOUT, 'node', '--all')
    await until('a pod is taken', () => pod('later', ['load', '20', urlOf('later')]))
    const row = await until(
      'a pod made afterwards has its name',
      async () => (await at(pathOf('later'))).find((found) => found.source === 'kuard/later'),
      // The cluster's own parts come back by steps of up to half a minute, too.
      5 * PATIENCE_MS,
    )
    expect(String(row.destination)).toStartWith('kuard/kuard-')
    expect(await restarts()).toBe('0')
    // Kinds are followed one by one, and the server's caches of some may take longer than one attempt waits.
    await until(
      'every kind is followed again',
      async () => {
        const { synced, errors } = JSON.parse(await inside('status', '-o', 'json')).kubernetes
        return synced && Object.keys(errors).length === 0
      },
      // A watch that died without a word is found out after two minutes; an attempt and its pause may take twenty seconds.
      3 * PATIENCE_MS,
    )
  }, 1_800_000)
})
