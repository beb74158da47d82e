/** A reader in a thread of its own: after a moment it has read a hundred bytes. */
import { CREDIT } from '../../src/runner/answer-bytes'

declare const self: Worker

self.onmessage = ({ data }: MessageEvent<SharedArrayBuffer>) => {
  const shared = new Int32Array(data)
  while (Atomics.load(shared, CREDIT) > 0) Atomics.wait(shared, CREDIT, 1, 1)
  Atomics.wait(shared, CREDIT, Atomics.load(shared, CREDIT), 5)
  Atomics.add(shared, CREDIT, 100)
  Atomics.notify(shared, CREDIT)
}
