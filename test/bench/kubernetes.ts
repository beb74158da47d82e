/**
 * What a large cluster costs an agent: start until all is known, memory then and after a query. Needs a cluster whose
 * objects may be made and deleted (test/cluster), and the built binary.
 *
 *     KUBECONFIG=… bun test/bench/kubernetes.ts [pods=5000]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import { binary } from '../support/nixie'
import { freePort } from '../support/scope'
import { cpuSeconds, rssMiB } from './stage'

const PODS = Number(process.argv[2] ?? 5000)
const NAMESPACE = 'nixie-bench'
const NODES = 50
const AT_ONCE = 16

const config = new KubeConfig()
config.loadFromDefault()
const { server } = config.getCurrentCluster()!
const tls: { ca?: string; cert?: string; key?: string } = {}
await config.applyToHTTPSOptions(tls)

async function call(method: string, path: string, body?: object, type = 'application/json'): Promise<void> {
  const response = await fetch(server + path, {
    method,
    headers: { 'Content-Type': type },
    tls: { ca: tls.ca, cert: tls.cert, key: tls.key },
    ...(body ? { body: JSON.stringify(body) } : {}),
  } as RequestInit)
  const text = await response.text()
  if (!response.ok && response.status !== 409 && response.status !== 404) throw new Error(`${path}: ${text}`)
}

async function each(count: number, act: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < count) await act(next++)
    }),
  )
}

const nodeName = (i: number) => `nixie-bench-${i}`

function podOf(i: number): object {
  const template = Math.floor(i / 10)
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `web-${template}-${i % 10}`,
      labels: { app: `web-${template}`, tier: 'front', version: 'v1' },
      annotations: { note: 'x'.repeat(800) },
    },
    spec: {
      nodeName: nodeName(i % NODES),
      serviceAccountName: 'default',
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'web', image: 'test.local/none:1', env: [{ name: 'A', value: 'x'.repeat(200) }] }],
    },
  }
}

const statusOf = (i: number) => ({
  status: {
    phase: 'Running',
    podIP: `10.${100 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`,
    podIPs: [{ ip: `10.${100 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}` }],
    startTime: new Date().toISOString(),
    containerStatuses: [
      {
        name: 'web',
        image: 'test.local/none:1',
        imageID: '',
        ready: true,
        restartCount: 0,
        containerID: `containerd://${i.toString(16).padStart(64, '0')}`,
        state: { running: { startedAt: new Date().toISOString() } },
      },
    ],
  },
})

async function make(): Promise<void> {
  await call('POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } })
  await each(NODES, (i) => call('POST', '/api/v1/nodes', { metadata: { name: nodeName(i) } }))
  // The default service account comes a moment after its namespace.
  await Bun.sleep(3000)
  await each(PODS, async (i) => {
    const path = `/api/v1/namespaces/${NAMESPACE}/pods`
    await call('POST', path, podOf(i))
    const name = `web-${Math.floor(i / 10)}-${i % 10}`
    await call('PATCH', `${path}/${name}/status`, statusOf(i), 'application/merge-patch+json')
  })
}

async function remove(): Promise<void> {
  await call('DELETE', `/api/v1/namespaces/${NAMESPACE}/pods?gracePeriodSeconds=0`)
  await call('DELETE', `/api/v1/namespaces/${NAMESPACE}`)
  await each(NODES, (i) => call('DELETE', `/api/v1/nodes/${nodeName(i)}`))
}

interface Known {
  readonly kubernetes?: { readonly synced: boolean; readonly objects: Record<string, number> }
}

async function measure(kubeconfig: boolean): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'nixie-bench-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const flags = ['serve', '--data-dir', dir, '--listen', `127.0.0.1:${port}`]
  if (kubeconfig) flags.push('--kubeconfig', process.env.KUBECONFIG!)
  const from = performance.now()
  const nixie = Bun.spawn([binary, ...flags], { stdout: 'ignore', stderr: 'ignore' })
  try {
    let status: Known | undefined
    for (;;) {
      status = (await fetch(`${url}/api/status`).then(
        (r) => r.json(),
        () => undefined,
      )) as Known | undefined
      if (status && (!kubeconfig || status.kubernetes?.synced)) break
      if (performance.now() - from > 120_000) throw new Error('Nixie did not get to know the cluster')
      await Bun.sleep(20)
    }
    const ready = performance.now() - from
    const cpu = cpuSeconds(nixie.pid)
    const early = rssMiB(nixie.pid)
    await Bun.sleep(20_000)
    const idle = cpuSeconds(nixie.pid) - cpu
    const later = rssMiB(nixie.pid)
    await fetch(`${url}/api/run/px/http_data?start_time=-5m`).then((r) => r.text())
    await Bun.sleep(2000)
    console.log(
      `${kubeconfig ? `${status.kubernetes!.objects.pod} pods` : 'no cluster'}: known after ${ready.toFixed(0)} ms, CPU ${cpu.toFixed(2)} s; ` +
        `RSS ${early.toFixed(0)} MiB, 20 s later ${later.toFixed(0)} MiB, after a query ${rssMiB(nixie.pid).toFixed(0)} MiB; ` +
        `CPU idle ${((idle / 20) * 100).toFixed(2)} % of a core`,
    )
  } finally {
    nixie.kill()
    await nixie.exited
    rmSync(dir, { recursive: true, force: true })
  }
}

try {
  const from = performance.now()
  await make()
  console.log(`${PODS} pods made in ${((performance.now() - from) / 1000).toFixed(0)} s`)
  await measure(false)
  await measure(true)
  await measure(true)
} finally {
  await remove()
}
