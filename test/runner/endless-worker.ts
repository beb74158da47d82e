/** A query thread that never answers a stream of the text 'hang' or, with the processor busy, 'spin'; dies of 'crash'; answers any other by its text. */
declare const self: Worker

self.onmessage = ({ data }: MessageEvent) => {
  if (data.kind !== 'task') return
  const text = data.task.request?.text
  if (text === 'spin') for (;;);
  if (text === 'hang') for (;;) Bun.sleepSync(1)
  if (text === 'crash') throw new Error('out of luck')
  const chunk = new TextEncoder().encode(JSON.stringify({ script: text, tables: [] }))
  self.postMessage({ id: data.id, chunk, warnings: [] })
  self.postMessage({ id: data.id, result: { rows: 0, truncated: [], warnings: [] } })
}
