import { expect, test } from 'bun:test'
import { Shares } from '../../../src/sources/sockets/shares'

test('the dearest go until half of the time is free', () => {
  const shares = new Shares()
  for (const [connId, ns] of [
    [1, 10],
    [2, 600],
    [3, 200],
    [4, 190],
  ] as const)
    shares.charge(connId, ns)
  expect(shares.takeDearest()).toEqual([2])
  expect(shares.takeDearest()).toEqual([])
})

test('among many alike the small ones stay', () => {
  const shares = new Shares()
  for (let connId = 1; connId <= 5; connId++) shares.charge(connId, 1)
  for (let round = 0; round < 10; round++)
    for (let connId = 100; connId < 200; connId++) shares.charge(connId, 10)
  const dearest = shares.takeDearest()
  expect(dearest.length).toBeLessThanOrEqual(51)
  expect(Math.min(...dearest)).toBeGreaterThanOrEqual(100)
})
