import { describe, expect, test } from 'bun:test'
import {
  reduceContainers,
  reduceNode,
  reducePod,
  reduceService,
  reduceSlice,
  reduceWorkload,
} from '../../src/kubernetes/reduce'
import { pod, slice, T0_NS } from './objects'

test('a running pod', () => {
  expect(reducePod(pod('p1', 'web-1', { ip: '10.0.0.7' }))).toEqual({
    id: 'p1',
    name: 'shop/web-1',
    namespace: 'shop',
    startNs: '1767225601000000000',
    stopNs: '0',
    ip: '10.0.0.7',
    ips: ['10.0.0.7'],
    node: 'node-1',
    status: { state: 'Running', message: '', reason: '' },
    qos: 'Burstable',
    labels: { app: 'web' },
    owners: [{ uid: 'rs-1', kind: 'ReplicaSet', name: 'web-5d' }],
  })
})

test('a pod with the node’s network has no address of its own', () => {
  expect(reducePod(pod('p1', 'proxy', { ip: '192.168.0.2', hostNetwork: true }))).toMatchObject({
    ip: '192.168.0.2',
    ips: [],
  })
})

test('a pod that crash-loops says why', () => {
  const crashing = pod('p1', 'web-1')
  crashing.status!.containerStatuses = [
    {
      name: 'web',
      image: '',
      imageID: '',
      ready: false,
      restartCount: 3,
      containerID: 'containerd://c2',
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s' } },
      lastState: {
        terminated: {
          containerID: 'containerd://c1',
          exitCode: 1,
          reason: 'Error',
          startedAt: new Date(1_000),
          finishedAt: new Date(2_000),
        },
      },
    },
  ]
  expect(reducePod(crashing).status).toEqual({
    state: 'Running',
    message: 'back-off 40s',
    reason: 'CrashLoopBackOff',
  })
  expect(reduceContainers(crashing)).toEqual([
    {
      id: 'c1',
      name: 'web',
      namespace: 'shop',
      podId: 'p1',
      startNs: '1000000000',
      stopNs: '2000000000',
      status: { state: 'Terminated', message: '', reason: 'Error' },
    },
    {
      id: 'c2',
      name: 'web',
      namespace: 'shop',
      podId: 'p1',
      startNs: '0',
      stopNs: '0',
      status: { state: 'Waiting', message: 'back-off 40s', reason: 'CrashLoopBackOff' },
    },
  ])
})

test('an ended pod ends with its last container', () => {
  const done = pod('p1', 'job-1', { phase: 'Succeeded' })
  const container = (seconds: number) => ({
    name: 'job',
    image: '',
    imageID: '',
    ready: false,
    restartCount: 0,
    state: { terminated: { exitCode: 0, finishedAt: new Date(seconds * 1000) } },
  })
  done.status!.containerStatuses = [container(5), container(9), container(7)]
  expect(reducePod(done).stopNs).toBe('9000000000')
})

test('a pod on its way out', () => {
  const leaving = pod('p1', 'web-1')
  leaving.metadata!.deletionTimestamp = new Date()
  expect(reducePod(leaving).status.state).toBe('Terminating')
})

describe('a service', () => {
  test('headless: no address', () => {
    const headless = reduceService({
      metadata: { uid: 's', name: 'db' },
      spec: { clusterIP: 'None', clusterIPs: ['None'] },
    })
    expect(headless).toMatchObject({ clusterIp: '', clusterIps: [], externalIps: [] })
  })

  test('with two families and a load balancer', () => {
    const reduced = reduceService({
      metadata: { uid: 's', name: 'web', namespace: 'shop' },
      spec: { clusterIP: '10.1.0.7', clusterIPs: ['10.1.0.7', 'fd00::7'], externalIPs: ['192.0.2.1'] },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.9' }, { hostname: 'lb.example' }] } },
    })
    expect(reduced).toMatchObject({
      name: 'shop/web',
      clusterIp: '10.1.0.7',
      clusterIps: ['10.1.0.7', 'fd00::7'],
      externalIps: ['192.0.2.1', '192.0.2.9'],
    })
  })
})

test('a deployment says how many there are', () => {
  const reduced = reduceWorkload({
    metadata: { uid: 'd', name: 'web', namespace: 'shop', creationTimestamp: new Date(Number(T0_NS) / 1e6) },
    spec: { replicas: 3, selector: {}, template: {} },
    status: { replicas: 3, readyReplicas: 1, availableReplicas: 1, observedGeneration: 2 },
  })
  expect(reduced.startNs).toBe(T0_NS)
  expect(JSON.parse(reduced.status)).toMatchObject({ wanted: 3, replicas: 3, readyReplicas: 1 })
})

test('a slice names the pods of a service; other endpoints are none', () => {
  expect(reduceSlice(slice('e1', 'web', ['p1', 'p2']))).toEqual({ service: 'shop/web', pods: ['p1', 'p2'] })
  expect(reduceSlice({ addressType: 'IPv4', endpoints: [{ addresses: ['192.0.2.1'] }] })).toEqual({
    service: '',
    pods: [],
  })
})

test('a node has its pods’ addresses', () => {
  expect(
    reduceNode({ metadata: { uid: 'n', name: 'node-1' }, spec: { podCIDRs: ['10.0.0.0/24'] } }),
  ).toMatchObject({
    name: 'node-1',
    cidrs: ['10.0.0.0/24'],
  })
})

test('an object of nothing is no reason to fail', () => {
  expect(reducePod({})).toMatchObject({ id: '', name: '', startNs: '0' })
  expect(reduceContainers({})).toEqual([])
  expect(reduceService({})).toMatchObject({ clusterIp: '' })
})
