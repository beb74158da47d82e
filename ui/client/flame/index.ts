/** Flame graphs: a box per function, as wide as its share; a click makes it the whole width. */
import type { FlameData } from '../../widgets/drawn'
import { button, html, whenThere } from '../lib/dom'

const ROW = 19
/** Narrower boxes can be neither seen nor hit. */
const LEAST_PIXELS = 1.5
const COLOURS = 8

interface Node {
  readonly index: number
  readonly name: string
  readonly value: number
  readonly percent: number
  readonly delta: number
  readonly group: boolean
  readonly parent: Node | undefined
  readonly children: Node[]
}

function treeOf({ names, nodes }: FlameData): Node[] {
  const all: Node[] = []
  for (const [index, { name, parent, ...numbers }] of nodes.entries()) {
    const node = { index, name: names[name]!, parent: all[parent], children: [], ...numbers }
    all.push(node)
    node.parent?.children.push(node)
  }
  return all
}

/** The same function has the same colour everywhere. */
function hash(text: string): number {
  let h = 0
  for (let i = 0; i < text.length; i++) h = (h * 31 + text.charCodeAt(i)) >>> 0
  return h % COLOURS
}

const share = (part: number, whole: number): string => `${((100 * part) / whole || 0).toFixed(2)} %`

class Flame {
  readonly #data: FlameData
  readonly #all: readonly Node[]
  readonly #root: Node
  readonly #stage = html('div', { class: 'flame-stage', role: 'group' })
  readonly #info = html('p', { class: 'flame-info', 'aria-live': 'polite' })
  readonly #found = html('span', { class: 'help', role: 'status' })
  readonly #boxes = new Map<number, HTMLElement>()
  #zoomed: Node
  #query = ''

  /** `path`: the zoomed node before the refresh. */
  constructor(element: HTMLElement, data: FlameData, path: readonly string[] = []) {
    this.#data = data
    this.#all = treeOf(data)
    this.#root = this.#all[0]!
    this.#zoomed = this.#root
    for (const name of path) {
      this.#zoomed = this.#zoomed.children.find((child) => child.name === name) ?? this.#zoomed
    }
    const search = html('input', {
      type: 'search',
      placeholder: 'Find a function',
      'aria-label': 'Find a function',
    })
    search.addEventListener('input', () => this.#find(search.value))
    const reset = button('Reset', 'All of it (Escape)', () => this.#zoom(this.#root))
    const bar = html('div', { class: 'graph-bar' }, search, reset, this.#found)
    element.replaceChildren(bar, this.#stage, this.#info)
    this.#listen()
    this.#draw()
    new ResizeObserver(() => this.#draw()).observe(this.#stage)
    this.#tell(this.#zoomed)
  }

  /** Names from the root's children to the zoomed node. */
  get path(): string[] {
    const names: string[] = []
    for (let node = this.#zoomed; node.parent; node = node.parent) names.unshift(node.name)
    return names
  }

  #zoom(node: Node): void {
    this.#zoomed = node
    this.#draw()
    this.#focus(node)
    this.#tell(node)
  }

  #focus(node: Node): void {
    for (const box of this.#boxes.values()) box.tabIndex = -1
    const box = this.#boxes.get(node.index)
    if (!box) return
    box.tabIndex = 0
    box.focus({ preventScroll: true })
  }

  #draw(): void {
    const width = this.#stage.clientWidth || 800
    this.#boxes.clear()
    const boxes: HTMLElement[] = []
    let deepest = 0
    const place = (node: Node, depth: number, left: number, size: number) => {
      deepest = Math.max(deepest, depth)
      boxes.push(this.#box(node, depth, left, size))
      let at = left
      for (const child of node.children) {
        const own = (size * child.value) / node.value
        if (own * width >= LEAST_PIXELS) place(child, depth + 1, at, own)
        at += own
      }
    }
    const above: Node[] = []
    for (let node = this.#zoomed.parent; node; node = node.parent) above.unshift(node)
    above.forEach((node, depth) => {
      const box = this.#box(node, depth, 0, 1)
      box.classList.add('above')
      boxes.push(box)
    })
    place(this.#zoomed, above.length, 0, 1)
    this.#stage.replaceChildren(...boxes)
    this.#stage.style.height = `${(deepest + 1) * ROW}px`
    const first = this.#boxes.get(this.#zoomed.index)
    if (first) first.tabIndex = 0
    this.#mark()
  }

  #box(node: Node, depth: number, left: number, size: number): HTMLElement {
    const box = html('div', { class: `frame ${this.#tone(node)}`, tabindex: -1, role: 'button' }, node.name)
    box.dataset.node = String(node.index)
    box.style.left = `${left * 100}%`
    box.style.width = `${size * 100}%`
    box.style.top = `${depth * ROW}px`
    this.#boxes.set(node.index, box)
    return box
  }

  #tone({ name, group, delta, value }: Node): string {
    if (this.#data.differs) {
      const change = delta / (value || 1)
      const size = Math.abs(change) > 0.5 ? 3 : Math.abs(change) > 0.1 ? 2 : Math.abs(change) > 0.01 ? 1 : 0
      return size === 0 ? 'same' : `${delta > 0 ? 'more' : 'less'}${size}`
    }
    if (group) return 'group'
    return name.startsWith('[k]') || name.startsWith('k:') ? 'kernel' : `f${hash(name)}`
  }

  #tell(node: Node): void {
    const { value, percent, delta, name } = node
    const parts = [
      `${value.toLocaleString('en-US')} samples`,
      `${share(value, this.#root.value)} of all`,
      ...(this.#zoomed === this.#root ? [] : [`${share(value, this.#zoomed.value)} of what is shown`]),
      ...(this.#data.percentLabel ? [`${this.#data.percentLabel} ${percent.toFixed(2)} %`] : []),
      ...(this.#data.differs ? [`difference ${delta > 0 ? '+' : ''}${Number(delta.toPrecision(4))}`] : []),
    ]
    this.#info.replaceChildren(html('strong', {}, name), ` ${parts.join(' · ')}`)
  }

  #find(query: string): void {
    this.#query = query.trim().toLowerCase()
    this.#mark()
    if (this.#query === '') {
      this.#found.replaceChildren()
      return
    }
    // The outermost matching nodes. Their callees belong to them.
    const hits = this.#all.filter((node) => this.#matches(node))
    const outer = hits.filter((node) => {
      for (let up = node.parent; up; up = up.parent) if (this.#matches(up)) return false
      return true
    })
    const sum = outer.reduce((a, { value }) => a + value, 0)
    this.#found.textContent = `${hits.length} found, ${share(sum, this.#root.value)} of all`
  }

  #matches = ({ name }: Node): boolean => this.#query !== '' && name.toLowerCase().includes(this.#query)

  #mark(): void {
    this.#stage.classList.toggle('searched', this.#query !== '')
    for (const [index, box] of this.#boxes) box.classList.toggle('found', this.#matches(this.#all[index]!))
  }

  #nodeOf(event: Event): Node | undefined {
    const box = (event.target as Element).closest<HTMLElement>('.frame')
    return box ? this.#all[Number(box.dataset.node)] : undefined
  }

  #listen(): void {
    this.#stage.addEventListener('click', (event) => {
      const node = this.#nodeOf(event)
      if (node) this.#zoom(node)
    })
    for (const type of ['pointerover', 'focusin']) {
      this.#stage.addEventListener(type, (event) => {
        const node = this.#nodeOf(event)
        if (node) this.#tell(node)
      })
    }
    this.#stage.addEventListener('keydown', (event) => {
      const node = this.#nodeOf(event)
      if (!node || event.ctrlKey || event.metaKey) return
      if (event.key === 'Enter') this.#zoom(node)
      else if (event.key === 'Escape') this.#zoom(this.#root)
      else {
        const next = this.#next(node, event.key)
        if (!next) return
        this.#focus(next)
      }
      event.preventDefault()
      event.stopPropagation()
    })
  }

  #next(node: Node, key: string): Node | undefined {
    if (key === 'ArrowUp') return node.parent
    if (key === 'ArrowDown') return node.children.find(({ index }) => this.#boxes.has(index))
    const beside = node.parent?.children.filter(({ index }) => this.#boxes.has(index)) ?? []
    const at = beside.indexOf(node)
    return key === 'ArrowRight' ? beside[at + 1] : key === 'ArrowLeft' ? beside[at - 1] : undefined
  }
}

const drawn = new WeakMap<HTMLElement, { readonly source: string; readonly flame: Flame }>()

whenThere('[data-flame]', (element) => {
  const source = element.dataset.flame ?? ''
  const known = drawn.get(element)
  if (known?.source === source) return
  const flame = new Flame(element, JSON.parse(source) as FlameData, known?.flame.path)
  drawn.set(element, { source, flame })
})
