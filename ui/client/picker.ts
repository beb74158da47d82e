/** The script picker: a combobox over the options that the server sends. */
export function startPicker(): void {
  const input = document.querySelector<HTMLInputElement>('#picker')
  const list = document.querySelector<HTMLElement>('#picker-list')
  if (!input || !list) return
  const options = () => [...list.querySelectorAll<HTMLElement>('[role=option]')]
  const active = () => options().findIndex((o) => o.getAttribute('aria-selected') === 'true')

  const open = (isOpen: boolean) => {
    list.hidden = !isOpen
    input.setAttribute('aria-expanded', String(isOpen))
    if (!isOpen) input.removeAttribute('aria-activedescendant')
  }
  const select = (index: number) => {
    const all = options()
    for (const [i, option] of all.entries()) option.setAttribute('aria-selected', String(i === index))
    const chosen = all[index]
    if (!chosen) return
    input.setAttribute('aria-activedescendant', chosen.id)
    chosen.scrollIntoView({ block: 'nearest' })
  }

  list.addEventListener('htmx:after:swap', () => select(0))
  input.addEventListener('htmx:after:swap', () => {
    open(document.activeElement === input)
    select(0)
  })
  // Focused before htmx listened: ask again.
  const askAgain = () => document.activeElement === input && input.dispatchEvent(new Event('focus'))
  document.addEventListener('htmx:after:process', askAgain, { once: true })
  input.addEventListener('focus', () => open(true))
  input.addEventListener('blur', () => open(false))
  // The blur would hide the link before it is clicked.
  list.addEventListener('mousedown', (event) => event.preventDefault())
  input.addEventListener('keydown', (event) => {
    const count = options().length
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      open(true)
      const step = event.key === 'ArrowDown' ? 1 : -1
      if (count > 0) select((active() + step + count) % count)
    } else if (event.key === 'Enter' && !event.ctrlKey) {
      const link = options()[active()]
      if (!link || list.hidden) return
      event.preventDefault()
      link.click()
    } else if (event.key === 'Escape') {
      input.blur()
    }
  })
}
