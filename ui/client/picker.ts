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

  /** The query that the list answers; undefined when an error is shown instead. */
  const answered = () => list.querySelector<HTMLElement>('[data-query]')?.dataset.query
  const isCurrent = () => answered() === input.value
  /** Keys that were pressed before the list arrived. They apply to its options, not to those of the earlier text. */
  let early: string[] = []
  const press = (key: string) => {
    const all = options()
    const step = { ArrowDown: 1, ArrowUp: -1 }[key]
    if (step === undefined) all[active()]?.click()
    else if (all.length > 0) select((active() + step + all.length) % all.length)
  }
  /** No list arrived. The page of all scripts searches for the same words. */
  const giveUp = () => {
    if (early.splice(0).includes('Enter')) input.form?.submit()
  }
  const arrived = () => {
    open(document.activeElement === input)
    select(0)
    if (answered() === undefined) giveUp()
    else if (isCurrent()) for (const key of early.splice(0)) press(key)
  }

  input.addEventListener('htmx:after:swap', arrived)
  // Typing after the key cancels it.
  input.addEventListener('input', () => {
    early = []
  })
  input.addEventListener('htmx:error', giveUp)
  // The field got focus before htmx was ready, so ask again.
  const askAgain = () => document.activeElement === input && input.dispatchEvent(new Event('focus'))
  document.addEventListener('htmx:after:process', askAgain, { once: true })
  input.addEventListener('focus', () => open(true))
  input.addEventListener('blur', () => open(false))
  // The blur would hide the link before it is clicked.
  list.addEventListener('mousedown', (event) => event.preventDefault())
  input.addEventListener('keydown', (event) => {
    const { key } = event
    const isEnter = key === 'Enter' && !event.ctrlKey
    if (key === 'Escape') input.blur()
    if (!isEnter && key !== 'ArrowDown' && key !== 'ArrowUp') return
    event.preventDefault()
    open(true)
    if (isCurrent()) press(key)
    else early.push(key)
  })
}
