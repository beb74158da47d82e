/** The agent's number is the node's: two nodes have two, a node keeps its own, and what was stored before stays readable. */
import { describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  agentId,
  agentIdOf,
  machineId,
  type NodeTraits,
  readTraits,
  UNNUMBERED,
} from '../../src/metadata/agent-id'
import { openMetadata } from '../../src/metadata/open'
import { Processes } from '../../src/metadata/processes'
import { connStats } from '../../src/records/conn-stats'
import { openReader, openWriter } from '../../src/store'

const ID = '0123456789abcdef0123456789abcdef'
const UUID = '4c4c4544-0043-3510-8051-b4c04f4d3932'
const node: NodeTraits = { name: 'edge-1', machineId: ID, productUuid: UUID }

/** A file system with these files. */
function rooted<T>(files: Record<string, string>, work: (root: string) => T): T {
  const root = mkdtempSync(join(tmpdir(), 'nixie-node-'))
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    return work(root)
  } finally {
    rmSync(root, { recursive: true })
  }
}

describe('the number', () => {
  test('is the same at every start', () => {
    expect(agentIdOf({ ...node })).toBe(agentIdOf(node))
    expect(agentId('edge-1')).toBe(agentId('edge-1'))
    expect(agentId('')).toBe(agentId(hostname()))
    expect(agentId('Edge-1')).toBe(agentId('edge-1'))
    // As it was when it was first given: another one would split what is stored.
    expect(agentIdOf(node)).toBe(1_483_868_138)
  })

  test.each([
    ['machines cloned with their id, with names of their own', { name: 'edge-2' }],
    [
      'machines cloned with their id and name, as the hypervisor tells them apart',
      { productUuid: UUID.replace('4', '5') },
    ],
    ['boards whose firmware says the same of each', { machineId: ID.replace('0', '1') }],
    ['a container without a machine id', { machineId: '' }],
  ])('differs between nodes: %s', (_, other) => {
    expect(agentIdOf({ ...node, ...other })).not.toBe(agentIdOf(node))
  })

  test('has 32 bits, and is none of those that are taken', () => {
    const numbers = new Set<number>()
    for (let i = 0; i < 10_000; i++) numbers.add(agentIdOf({ ...node, name: `edge-${i}` }))
    expect(numbers.size).toBeGreaterThan(9_990)
    for (const number of numbers) {
      expect(Number.isInteger(number) && number > UNNUMBERED && number < 2 ** 32).toBe(true)
    }
    expect(Math.max(...numbers)).toBeGreaterThan(2 ** 31)
  })
})

describe('what a node tells of itself', () => {
  test('is read where Linux keeps it', () => {
    const files = { 'etc/machine-id': `${ID}\n`, 'sys/class/dmi/id/product_uuid': `${UUID.toUpperCase()}\n` }
    rooted(files, (root) => expect(readTraits('Edge-1', root)).toEqual(node))
  })

  test("is the bus's machine id where the system has none", () => {
    rooted({ 'etc/machine-id': '', 'var/lib/dbus/machine-id': ID }, (root) =>
      expect(machineId(root)).toBe(ID),
    )
  })

  test.each(['', 'uninitialized\n', '0'.repeat(32), ID.slice(1), `${ID}0`, 'x'.repeat(100_000)])(
    'is nothing where %p stands for the id of a machine',
    (text) => rooted({ 'etc/machine-id': text }, (root) => expect(machineId(root)).toBe('')),
  )

  test.each([
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    'Not Settable',
    '',
  ])('is nothing where the firmware says %p', (text) =>
    rooted({ 'sys/class/dmi/id/product_uuid': text }, (root) =>
      expect(readTraits('a', root).productUuid).toBe(''),
    ),
  )

  test('leaves out the name of a container that nobody named, unless it has nothing else', () => {
    rooted({ 'etc/machine-id': ID }, (root) => expect(readTraits('3f2a9c81d07b', root).name).toBe(''))
    rooted({}, (root) => expect(readTraits('3f2a9c81d07b', root).name).toBe('3f2a9c81d07b'))
  })
})

test('rows and processes from before stay named, beside those under the new number', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'nixie-asid-'))
  const options = { dataDir, retentionSeconds: 86_400, diskBudgetBytes: 1 << 26, tables: [connStats] }
  try {
    const before = new Processes('edge', UNNUMBERED)
    const old = before.upidOf(4_194_301, 7, 'nginx')
    let writer = openWriter(options)
    writer.putEntities(before.takeChanges(Date.now()))
    writer.close()
    const now = new Processes('edge')
    const same = now.upidOf(4_194_301, 7, 'nginx')
    writer = openWriter(options)
    writer.putEntities(now.takeChanges(Date.now()))
    writer.close()
    const reader = openReader(dataDir)
    const metadata = openMetadata(reader, 'edge')
    expect(old).toBe('1:4194301:7')
    expect(same).toBe(`${metadata.asid}:4194301:7`)
    expect(metadata.podName(old)).toBe('nginx')
    expect(metadata.podName(same)).toBe('nginx')
    expect(metadata.nodeName(old)).toBe('edge')
    reader.close()
  } finally {
    rmSync(dataDir, { recursive: true })
  }
})
