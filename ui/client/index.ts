/**
 * The parts of a page that need a script: keys, row details, local times, and refresh that pauses while the page is
 * hidden.
 */
import 'htmx.org'
import { startKeys } from './keys'
import { loadParts } from './parts'
import { startPicker } from './picker'
import { startRows } from './rows'
import { localTimes } from './times'

interface SwapEvent extends Event {
  readonly detail: { readonly tasks: readonly { readonly fragment: ParentNode }[] }
}

interface RequestEvent extends Event {
  readonly detail: { readonly ctx?: { readonly sourceEvent?: Event; readonly target?: Element } }
}

localTimes(document)
loadParts()
startKeys()
startPicker()
startRows()

// Done before the swap, so that morphing finds no difference and nothing flickers.
document.addEventListener('htmx:before:swap', (event) => {
  for (const { fragment } of (event as SwapEvent).detail.tasks) localTimes(fragment)
})
document.addEventListener('htmx:after:swap', loadParts)

// Nothing refreshes while the page is hidden or the user selects text.
document.addEventListener('htmx:before:request', (event) => {
  const { ctx } = (event as RequestEvent).detail
  if (ctx?.sourceEvent?.type !== 'every') return
  const selection = getSelection()
  const selecting = selection?.type === 'Range' && ctx.target?.contains(selection.anchorNode)
  if (document.hidden || selecting) event.preventDefault()
})

// A preset of a field: fills it in and runs.
document.addEventListener('click', (event) => {
  const link = (event.target as Element).closest<HTMLElement>('a[data-fill]')
  const field = link && document.querySelector<HTMLInputElement>(`#${link.dataset.fill}`)
  if (!link || !field?.form || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  field.value = link.dataset.value ?? ''
  for (const one of link.parentElement!.children) {
    if (one === link) one.setAttribute('aria-current', 'true')
    else one.removeAttribute('aria-current')
  }
  field.form.requestSubmit()
})

const offline = (is: boolean) => {
  const note = document.querySelector<HTMLElement>('#offline')
  if (note) note.hidden = !is
}
document.addEventListener('htmx:error', (event) => offline((event as RequestEvent).detail.ctx !== undefined))
document.addEventListener('htmx:after:request', () => offline(false))
