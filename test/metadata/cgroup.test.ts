import { describe, expect, test } from 'bun:test'
import { ownerOfCgroupFile, ownerOfPath } from '../../src/metadata/cgroup'

const ID = '3f4a1b0c9d8e7f60514233241506978899aabbccddeeff00112233445566778f'
const POD = '0c1f7d6e-53f5-4b8a-9d2c-0a4d5c6b7e8f'
const POD_ = POD.replaceAll('-', '_')
const nobody = { containerId: '', runtime: '', podUid: '', unit: '' }

describe('the owner of a cgroup path', () => {
  const cases: [string, string, Partial<typeof nobody>][] = [
    ['docker, cgroupfs', `/docker/${ID}`, { containerId: ID, runtime: 'docker' }],
    ['docker, systemd', `/system.slice/docker-${ID}.scope`, { containerId: ID, runtime: 'docker' }],
    ['podman', `/machine.slice/libpod-${ID}.scope/container`, { containerId: ID, runtime: 'podman' }],
    [
      'rootless podman',
      `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope`,
      { containerId: ID, runtime: 'podman' },
    ],
    [
      'containerd in Kubernetes, cgroupfs',
      `/kubepods/burstable/pod${POD}/${ID}`,
      { containerId: ID, runtime: 'containerd', podUid: POD },
    ],
    [
      'containerd in Kubernetes, systemd',
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${POD_}.slice/cri-containerd-${ID}.scope`,
      { containerId: ID, runtime: 'containerd', podUid: POD },
    ],
    [
      'containerd, runc systemd form',
      `/system.slice/containerd.service/kubepods-besteffort-pod${POD_}.slice:cri-containerd:${ID}`,
      { containerId: ID, runtime: 'containerd', podUid: POD },
    ],
    [
      'cri-o',
      `/kubepods.slice/kubepods-pod${POD_}.slice/crio-${ID}.scope/container`,
      { containerId: ID, runtime: 'cri-o', podUid: POD },
    ],
    [
      'a kind node inside a docker container',
      `/docker/${'a'.repeat(64)}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${POD_}.slice/cri-containerd-${ID}.scope`,
      { containerId: ID, runtime: 'containerd', podUid: POD },
    ],
    ['a systemd unit', '/system.slice/nginx.service', { unit: 'nginx.service' }],
    [
      'an instance in a slice',
      '/system.slice/system-postgresql.slice/postgresql@15-main.service',
      { unit: 'postgresql@15-main.service' },
    ],
    ['an escaped unit', '/system.slice/my\\x2dapp.service', { unit: 'my-app.service' }],
    ['a session', '/user.slice/user-1000.slice/session-3.scope', {}],
    ['the root', '/', {}],
    ['a name that only looks like an id', `/system.slice/${'f'.repeat(63)}`, {}],
  ]
  for (const [name, path, owner] of cases) {
    test(name, () => expect(ownerOfPath(path)).toEqual({ ...nobody, ...owner }))
  }
})

test('cgroup v1: the hierarchy that carries the container wins', () => {
  const text = `12:freezer:/\n9:name=systemd:/system.slice/containerd.service\n4:memory:/docker/${ID}\n0::/system.slice/containerd.service\n`
  expect(ownerOfCgroupFile(text)).toEqual({ ...nobody, containerId: ID, runtime: 'docker' })
})

test('a file that is empty or no cgroup file has no owner', () => {
  expect(ownerOfCgroupFile('')).toEqual(nobody)
  expect(ownerOfCgroupFile('garbage\n:::\n\0\0')).toEqual(nobody)
})
