/** Rows: arrows move, Enter or a click shows one in full beside the table, Escape closes. */
export function startRows(): void {
  const panel = document.querySelector<HTMLElement>('#details')
  if (!panel) return
  let opener: HTMLElement | undefined

  const close = () => {
    panel.hidden = true
    panel.replaceChildren()
    document.querySelector('tr[aria-current]')?.removeAttribute('aria-current')
    if (opener?.isConnected) opener.focus()
  }
  const open = (row: HTMLTableRowElement) => {
    document.querySelector('tr[aria-current]')?.removeAttribute('aria-current')
    row.setAttribute('aria-current', 'true')
    opener = row
    const list = details(row)
    panel.replaceChildren(button('Close', 'Escape', close), ...copyButton(list), list)
    panel.hidden = false
    panel.scrollTop = 0
  }
  const move = (row: HTMLTableRowElement, to: Element | null | undefined) => {
    if (!(to instanceof HTMLTableRowElement)) return
    row.tabIndex = -1
    to.tabIndex = 0
    to.focus()
    if (!panel.hidden) open(to)
  }

  document.addEventListener('click', (event) => {
    const target = event.target as Element
    const row = target.closest<HTMLTableRowElement>('table.rows > tbody > tr')
    // A click on a link, or one that ends a selection, does not open the row.
    if (row && !target.closest('a, button') && getSelection()?.type !== 'Range') open(row)
  })
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !panel.hidden) return close()
    const row = event.target
    if (!(row instanceof HTMLTableRowElement) || event.ctrlKey || event.metaKey) return
    if (event.key === 'Enter') open(row)
    else if (event.key === 'ArrowDown') move(row, row.nextElementSibling)
    else if (event.key === 'ArrowUp') move(row, row.previousElementSibling)
    else return
    event.preventDefault()
  })
}

function button(text: string, title: string, act: () => void): HTMLElement {
  const made = document.createElement('button')
  made.type = 'button'
  made.textContent = text
  made.title = title
  made.addEventListener('click', act)
  return made
}

/** Browsers offer the clipboard over loopback and HTTPS only. */
function copyButton(list: HTMLElement): HTMLElement[] {
  if (!navigator.clipboard) return []
  const copy = button('Copy', 'This row as text', () =>
    navigator.clipboard.writeText(list.innerText).then(() => {
      copy.textContent = 'Copied'
    }),
  )
  return [copy]
}

/** JSON is indented, everything else stays as it is; both are shown as text. */
function pretty(text: string): string {
  if (!/^[{[]/.test(text)) return text
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

function details(row: HTMLTableRowElement): HTMLElement {
  const names = [...(row.closest('table')?.tHead?.rows[0]?.cells ?? [])].map(
    (c) => c.textContent?.trim() ?? '',
  )
  const list = document.createElement('dl')
  for (const [i, cell] of [...row.cells].entries()) {
    const name = document.createElement('dt')
    const value = document.createElement('dd')
    const text = cell.textContent ?? ''
    const exact = cell.dataset.exact
    name.textContent = names[i] ?? ''
    value.textContent = cell.matches('.quantiles') && exact ? pretty(exact) : pretty(text)
    if (exact && !cell.matches('.quantiles')) {
      const small = document.createElement('small')
      small.textContent = exact
      value.append(' ', small)
    }
    list.append(name, value)
  }
  return list
}
