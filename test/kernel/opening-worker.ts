/** A thread that has its probes attached and then stands still, as a capture thread that hangs. */
import { open } from './traced'

declare const self: Worker

const { probes } = open()
self.postMessage(probes.filter(({ attached }) => attached).length)
while (performance.now() > 0);
