import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { containerNameOf } from '../../src/metadata/container-names'
import { nameOf } from '../../src/metadata/names'

const root = mkdtempSync(join(tmpdir(), 'nixie-containers-'))
afterAll(() => rmSync(root, { recursive: true }))

const ID = 'c0ffee'.padEnd(64, '0')
const OTHER = 'bad'.padEnd(64, '0')

function put(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), content)
}

test('docker: its own file of the container', () => {
  put(`var/lib/docker/containers/${ID}/config.v2.json`, JSON.stringify({ ID, Name: '/shop-web-1' }))
  put(`var/lib/docker/containers/${OTHER}/config.v2.json`, '{"Name": 7')
  expect(containerNameOf(ID, 'docker', root)).toBe('shop-web-1')
  expect(containerNameOf(OTHER, 'docker', root)).toBe('')
  expect(containerNameOf('f'.repeat(64), 'docker', root)).toBe('')
})

test('podman: one file of all', () => {
  const containers = [{ id: OTHER }, null, { id: ID, names: ['web', 'alias'] }]
  put('var/lib/containers/storage/overlay-containers/containers.json', JSON.stringify(containers))
  expect(containerNameOf(ID, 'podman', root)).toBe('web')
  expect(containerNameOf(OTHER, 'podman', root)).toBe('')
})

test('other runtimes keep no names that could be read', () => {
  expect(containerNameOf(ID, 'containerd', root)).toBe('')
  expect(containerNameOf('', '', root)).toBe('')
})

test('a container stands for the pod by its name, else by its short id', () => {
  expect(nameOf({ containerId: ID, containerName: 'web', unit: 'docker.service' })).toBe('web')
  expect(nameOf({ containerId: ID, containerName: '' })).toBe('c0ffee000000')
  expect(nameOf({ unit: 'nginx.service', comm: 'nginx' })).toBe('nginx.service')
})
