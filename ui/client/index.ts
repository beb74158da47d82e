/** What pages can't do without a script: charts, keys, row details, local times, refresh that waits while hidden. */
import 'htmx.org'
import { drawCharts } from './charts'
import { startKeys } from './keys'
import { startPicker } from './picker'
import { startRows } from './rows'
import { localTimes } from './times'

interface SwapEvent extends Event {
  readonly detail: { readonly tasks: readonly { readonly fragment: ParentNode }[] }
}

interface RequestEvent extends Event {
  readonly detail: { readonly ctx: { readonly sourceEvent?: Event } }
}

localTimes(document)
drawCharts()
startKeys()
startPicker()
startRows()

// Before the swap, so that morphing compares like with like and nothing flickers.
document.addEventListener('htmx:before:swap', (event) => {
  for (const { fragment } of (event as SwapEvent).detail.tasks) localTimes(fragment)
})
document.addEventListener('htmx:after:swap', drawCharts)

// A page that nobody looks at, or in which text is being selected, does not refresh.
document.addEventListener('htmx:before:request', (event) => {
  const refreshes = (event as RequestEvent).detail.ctx.sourceEvent?.type === 'every'
  const selecting = getSelection()?.type === 'Range'
  if (refreshes && (document.hidden || selecting)) event.preventDefault()
})
