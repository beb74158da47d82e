/** A reader in a thread of its own that takes a byte now and then, for ever. */
import { CREDIT } from '../../src/runner/answer-bytes'

declare const self: Worker

self.onmessage = ({ data }: MessageEvent<SharedArrayBuffer>) => {
  const shared = new Int32Array(data)
  for (;;) {
    Atomics.wait(shared, 0, 0, 10)
    Atomics.add(shared, CREDIT, 1)
    Atomics.notify(shared, CREDIT)
  }
}
