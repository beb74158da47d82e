const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]')

/** `/` and Ctrl+K: the picker. Ctrl+Enter: RUN. Tab in the scratch pad is left alone: it leaves the field. */
export function startKeys(): void {
  document.addEventListener('keydown', (event) => {
    const modified = event.ctrlKey || event.metaKey
    if (
      (modified && event.key.toLowerCase() === 'k') ||
      (event.key === '/' && !modified && !typing(event.target))
    ) {
      event.preventDefault()
      document.querySelector<HTMLInputElement>('#picker')?.select()
      document.querySelector<HTMLInputElement>('#picker')?.focus()
    } else if (modified && event.key === 'Enter') {
      event.preventDefault()
      document.querySelector<HTMLFormElement>('#args')?.requestSubmit()
    }
  })
}
