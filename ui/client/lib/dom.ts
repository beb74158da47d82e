/** Makes elements. A text is never read as markup. */

type Attributes = Readonly<Record<string, string | number>>

export function svg<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: readonly Node[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value))
  element.append(...children)
  return element
}

export function html<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value))
  element.append(...children)
  return element
}

export function button(label: string, title: string, act: () => void): HTMLButtonElement {
  const made = html('button', { type: 'button', title }, label)
  made.addEventListener('click', act)
  return made
}

/** Calls `draw` for each element that matches, now and after every swap; it must do nothing for an element that is already drawn. */
export function whenThere(selector: string, draw: (element: HTMLElement) => void): void {
  const drawAll = () => {
    for (const element of document.querySelectorAll<HTMLElement>(selector)) draw(element)
  }
  drawAll()
  document.addEventListener('htmx:after:swap', drawAll)
}
