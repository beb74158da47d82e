/** A query thread that answers a run of the text 'hang' never, one of 'crash' by dying, all else by its text. */
declare const self: Worker

self.onmessage = ({ data }: MessageEvent) => {
  if (data.kind !== 'task') return
  const text = data.task.request?.text
  if (text === 'hang') for (;;);
  if (text === 'crash') throw new Error('out of luck')
  self.postMessage({ id: data.id, result: { script: text } })
}
