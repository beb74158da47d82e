/** Who doesn't look at the ring is told when it fills, and only then. Needs root. */
import { expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { until } from '../support/scope'
import { drainAll, open, Program } from './traced'

const RING = 1 << 23
/** Two and a half times what is told of, in calls of 4 KiB of which both ends are recorded; before them a few words. */
const FILLING = `
c, d = pair(); step()
c.send(b'a word'); d.recv(100); step()
for _ in range(${(2.5 * RING) / 16 / 4096 / 2}):
    c.send(b'x' * 4096); d.recv(4096)
step()
`

const descriptors = () => readdirSync('/proc/self/fd').length

test('a ring that fills says so, again each time that it was read', async () => {
  const kernel = open({ ringBytes: RING })
  let told = 0
  expect(kernel.watch(() => told++)).toBe(true)
  const program = new Program(`for _ in range(2):\n${FILLING.replace(/^(?=.)/gm, '    ')}`)
  for (let round = 1; round <= 2; round++) {
    await program.ready()
    drainAll(kernel)
    const before = told
    program.go()
    await program.ready()
    expect(told).toBe(before)
    program.go()
    await program.ready()
    await until('it is told', () => told > before)
    expect(kernel.fill()).toBeGreaterThan(1 / 16)
    drainAll(kernel)
    program.go()
  }
  await program.end()
  kernel.close()
})

test('nothing of it stays when it is closed', async () => {
  const before = descriptors()
  for (let i = 0; i < 3; i++) {
    const kernel = open({ ringBytes: RING })
    kernel.watch(() => {})
    kernel.watch(() => {})
    kernel.close()
  }
  await until('all is closed', () => descriptors() <= before)
})
