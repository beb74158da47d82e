/** The capture thread itself; the first of its kind stands still after a second and a half, those after it don't. */
import '../../src/capture/worker'
import type { ToCapture } from '../../src/capture/messages'

declare const self: Worker

const handle = self.onmessage!
self.onmessage = (event: MessageEvent<ToCapture>) => {
  const { data } = event
  if (data.kind === 'start' && !data.again) setTimeout(() => hang(), 1500)
  handle.call(self, event)
}

function hang(): void {
  while (performance.now() > 0);
}
