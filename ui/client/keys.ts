/** Within a shadow root the event's own target is the host. */
const typing = (event: Event) => {
  const [target] = event.composedPath()
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]')
}

/** `/` and Ctrl+K: the picker. Ctrl+Enter: RUN. Tab is left alone: it leaves a field. */
export function startKeys(): void {
  document.addEventListener('keydown', (event) => {
    const modified = event.ctrlKey || event.metaKey
    if ((modified && event.key.toLowerCase() === 'k') || (event.key === '/' && !modified && !typing(event))) {
      event.preventDefault()
      document.querySelector<HTMLInputElement>('#picker')?.select()
      document.querySelector<HTMLInputElement>('#picker')?.focus()
    } else if (modified && event.key === 'Enter') {
      event.preventDefault()
      document.querySelector<HTMLFormElement>('#args')?.requestSubmit()
    }
  })
}
