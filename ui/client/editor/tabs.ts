/** Shows PxL and vis spec as tabs; without JavaScript both are shown, one under the other. */
export function startTabs(form: HTMLFormElement, shown: () => void): void {
  const panels = [...form.querySelectorAll<HTMLElement>('[data-tab]')]
  const list = document.createElement('div')
  list.className = 'tabs'
  list.setAttribute('role', 'tablist')
  list.setAttribute('aria-label', 'Parts of the script')
  const tabs = panels.map((panel) => {
    const tab = document.createElement('button')
    tab.type = 'button'
    tab.id = `tab-${panel.id}`
    tab.setAttribute('role', 'tab')
    tab.setAttribute('aria-controls', panel.id)
    tab.textContent = panel.dataset.tab ?? ''
    panel.setAttribute('role', 'tabpanel')
    panel.setAttribute('aria-labelledby', tab.id)
    if (panel instanceof HTMLDetailsElement) panel.open = true
    return tab
  })
  const select = (chosen: number) => {
    panels.forEach((panel, i) => {
      panel.hidden = i !== chosen
      tabs[i]!.setAttribute('aria-selected', String(i === chosen))
      tabs[i]!.tabIndex = i === chosen ? 0 : -1
    })
    shown()
  }
  tabs.forEach((tab, i) => {
    tab.addEventListener('click', () => select(i))
    tab.addEventListener('keydown', (event) => {
      const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
      if (step === 0) return
      const next = (i + step + tabs.length) % tabs.length
      select(next)
      tabs[next]!.focus()
    })
  })
  list.append(...tabs)
  form.classList.add('tabbed')
  form.prepend(list)
  select(0)
}
