/** Graph and RequestGraph: nodes in layers, an edge's width shows its weight, its colour its errors or latency. */
import type { GraphData, GraphEdge, GraphLevel } from '../../widgets/drawn'
import { button, html, svg, whenThere } from '../lib/dom'
import { type Layout, layOut, pathOf, shortened } from './layout'
import { type Seen, View } from './view'

const TONES = ['plain', 'low', 'medium', 'high'] as const
const MOST_LISTED = 8
const HINT = 'Point at an edge or a node for its numbers. Drag to move, Ctrl and the wheel to zoom.'

interface Chosen {
  readonly level: number
  readonly colour: number
}

interface Drawn {
  readonly source: string
  readonly chosen: Chosen
  readonly graph: Graph
}

const drawn = new WeakMap<HTMLElement, Drawn>()
/** Layouts by nodes and edges: a layout takes long, and a refresh mostly brings the same ones. */
const layouts = new Map<string, Layout>()

interface Placed {
  readonly key: string
  readonly layout: Layout
}

const order = (a: GraphEdge, b: GraphEdge): number =>
  a.from - b.from || a.to - b.to || ((a.label ?? '') < (b.label ?? '') ? -1 : 1)

/** In the order of names: weights change with each refresh, and must not move nodes. */
function layoutOf({ nodes, edges, ...level }: GraphLevel): Placed {
  const nodeOrder = nodes.map((_, i) => i).sort((a, b) => (nodes[a]!.id < nodes[b]!.id ? -1 : 1))
  const rank = new Map(nodeOrder.map((i, at) => [i, at]))
  const ranked = edges.map((edge) => ({ ...edge, from: rank.get(edge.from)!, to: rank.get(edge.to)! }))
  const edgeOrder = ranked.map((_, i) => i).sort((a, b) => order(ranked[a]!, ranked[b]!))
  const inOrder = {
    ...level,
    nodes: nodeOrder.map((i) => nodes[i]!),
    edges: edgeOrder.map((i) => ranked[i]!),
  }
  const key = JSON.stringify([
    inOrder.nodes.map((n) => n.label),
    inOrder.edges.map((e) => [e.from, e.to, e.label]),
  ])
  const known = layouts.get(key)
  if (!known && layouts.size > 10) layouts.clear()
  const made = known ?? layOut(inOrder)
  layouts.set(key, made)
  const edgeRank = new Map(edgeOrder.map((i, at) => [i, at]))
  const layout = {
    ...made,
    nodes: nodes.map((_, i) => made.nodes[rank.get(i)!]!),
    edges: edges.map((_, i) => made.edges[edgeRank.get(i)!]!),
    labels: edges.map((_, i) => made.labels[edgeRank.get(i)!]),
  }
  return { key, layout }
}

function arrow(tone: string): SVGMarkerElement {
  const at = { id: `arrow-${tone}`, class: tone, viewBox: '0 0 8 8', refX: 7, refY: 4 }
  const size = { markerWidth: 9, markerHeight: 9, markerUnits: 'userSpaceOnUse', orient: 'auto' }
  return svg('marker', { ...at, ...size }, svg('path', { d: 'M0,0 L8,4 L0,8 z' }))
}

class Graph {
  readonly #level: GraphLevel
  readonly key: string
  readonly #layout: Layout
  readonly #edges: readonly SVGElement[]
  readonly #nodes: readonly SVGElement[]
  readonly #info: HTMLElement
  readonly svg: SVGSVGElement
  readonly #group: SVGGElement
  view: View | undefined

  constructor(level: GraphLevel, colour: number, info: HTMLElement, label: string) {
    this.#level = level
    const { key, layout } = layoutOf(level)
    this.key = key
    this.#layout = layout
    this.#info = info
    this.#edges = level.edges.map((edge, i) => this.#edge(edge, i, colour))
    this.#nodes = level.nodes.map((_, i) => this.#node(i))
    this.#group = svg('g', {}, ...this.#edges, ...this.#nodes)
    const markers = svg('defs', {}, ...TONES.map(arrow))
    this.svg = svg('svg', { role: 'group', 'aria-label': label, tabindex: 0 }, markers, this.#group)
    this.svg.addEventListener('pointerleave', () => this.#light(undefined, []))
  }

  /** Called when it is in the page and has a size. */
  show(seen: Seen | undefined): void {
    const { width, height } = this.#layout
    const room = this.svg.getBoundingClientRect().width || 600
    const wanted = Math.min(height, (height * Math.min(1.2, room / width)) / 1) + 24
    this.svg.setAttribute('height', String(Math.round(Math.min(Math.max(wanted, 180), innerHeight * 0.68))))
    this.view = new View(this.svg, this.#group, { width, height })
    if (seen) {
      this.view.show(seen)
      return
    }
    const heaviest = this.#level.edges.find(({ weight }) => weight === 1)
    this.view.start(heaviest && this.#layout.nodes[heaviest.from])
  }

  #edge({ from, to, weight, tones, href, label }: GraphEdge, i: number, colour: number): SVGElement {
    const tone = tones[colour] ?? 'plain'
    const d = pathOf(this.#layout.edges[i]!, this.#layout.nodes[from]!)
    const line = svg('path', {
      d,
      class: 'line',
      'stroke-width': (1 + 3.5 * Math.sqrt(weight)).toFixed(2),
      'marker-end': `url(#arrow-${tone})`,
    })
    const parts: SVGElement[] = [line, svg('path', { d, class: 'hit' })]
    const at = this.#layout.labels[i]
    if (label && at) {
      const text = svg('text', { x: at.x, y: at.y + 3, class: 'said', 'text-anchor': 'middle' })
      text.textContent = label
      parts.push(text)
    }
    // Edges get no Tab stop: there are too many, and the nodes show the same numbers.
    const group = href
      ? svg('a', { class: `edge ${tone}`, href, tabindex: -1 }, ...parts)
      : svg('g', { class: `edge ${tone}` }, ...parts)
    group.addEventListener('pointerenter', () => this.#light([from, to], [i]))
    return group
  }

  #node(i: number): SVGElement {
    const { label: name, href, host } = this.#level.nodes[i]!
    const label = host ? `${name}, a host process` : name
    const { x, y, width, height } = this.#layout.nodes[i]!
    const at = { x: x - width / 2, y: y - height / 2, width, height, rx: 5 }
    const text = svg('text', { x, y: y + 4, 'text-anchor': 'middle' })
    text.textContent = shortened(name)
    const title = svg('title')
    title.textContent = label
    const parts = [title, svg('rect', at), text]
    const look = host ? 'node host' : 'node'
    const node = href
      ? svg('a', { href, class: look, 'aria-label': label }, ...parts)
      : svg('g', { class: look, tabindex: 0, role: 'img', 'aria-label': label }, ...parts)
    const own = this.#level.edges.flatMap((e, n) => (e.from === i || e.to === i ? [n] : []))
    const near = own.flatMap((n) => [this.#level.edges[n]!.from, this.#level.edges[n]!.to])
    node.addEventListener('pointerenter', () => this.#light([i, ...near], own, label))
    node.addEventListener('focus', () => {
      this.view?.reveal({ x, y })
      this.#light([i, ...near], own, label)
    })
    return node
  }

  /** Dims all but these nodes and edges, and tells their numbers. */
  #light(nodes: readonly number[] | undefined, edges: readonly number[], title?: string): void {
    this.svg.classList.toggle('dimmed', nodes !== undefined)
    this.#nodes.forEach((node, i) => {
      node.classList.toggle('lit', nodes?.includes(i) ?? false)
    })
    this.#edges.forEach((edge, i) => {
      edge.classList.toggle('lit', edges.includes(i))
    })
    const { nodes: names, edges: all } = this.#level
    const listed = edges.slice(0, MOST_LISTED).map((i) => {
      const { from, to, facts, label } = all[i]!
      const ends = html(
        'strong',
        {},
        `${names[from]!.label} → ${names[to]!.label}${label ? ` ${label}` : ''}`,
      )
      const told = facts.map(([name, value]) => html('span', {}, `${name} ${value}`))
      return html('li', {}, ends, ...told)
    })
    const more = edges.length - listed.length
    this.#info.replaceChildren(
      ...(title && edges.length !== 1 ? [html('p', {}, title)] : []),
      html('ul', {}, ...listed),
      ...(more > 0 ? [html('p', {}, `${more} more are in the table.`)] : []),
    )
    if (nodes === undefined) this.#info.replaceChildren(HINT)
  }
}

/** A group of buttons, one of them pressed. */
function choice(
  label: string,
  names: readonly string[],
  chosen: number,
  choose: (i: number) => void,
): HTMLElement {
  const group = html('span', { role: 'group', 'aria-label': label, class: 'choice' }, `${label} `)
  names.forEach((name, i) => {
    const one = button(name, '', () => choose(i))
    one.removeAttribute('title')
    one.setAttribute('aria-pressed', String(i === chosen))
    group.append(one)
  })
  return group
}

function draw(
  element: HTMLElement,
  chosen: Chosen = drawn.get(element)?.chosen ?? { level: 0, colour: 0 },
): void {
  const source = element.dataset.graph ?? ''
  const data = JSON.parse(source) as GraphData
  const before = drawn.get(element)?.graph
  const level = data.levels[chosen.level] ?? data.levels[0]!
  const info = html('div', { class: 'graph-info', 'aria-live': 'polite' }, HINT)
  const graph = new Graph(level, chosen.colour, info, element.getAttribute('aria-label') ?? 'Graph')
  const names = data.levels.map(({ name }) => name)
  const bar = html(
    'div',
    { class: 'graph-bar' },
    ...(names.length > 1
      ? [choice('by', names, chosen.level, (i) => draw(element, { ...chosen, level: i }))]
      : []),
    ...(data.colours.length > 1
      ? [choice('colour', data.colours, chosen.colour, (i) => draw(element, { ...chosen, colour: i }))]
      : []),
    html(
      'span',
      { class: 'choice' },
      button('+', 'Zoom in (+)', () => graph.view?.zoom(1.25)),
      button('−', 'Zoom out (-)', () => graph.view?.zoom(0.8)),
      button('Fit', 'All of it (0)', () => graph.view?.fit()),
    ),
  )
  element.replaceChildren(bar, graph.svg, info)
  drawn.set(element, { source, chosen, graph })
  // New numbers on the same nodes and edges: the reader looks at the same part.
  graph.show(before?.key === graph.key ? before.view?.seen : undefined)
}

whenThere('[data-graph]', (element) => {
  const known = drawn.get(element)
  // While the user points at something, redrawing waits for the next refresh.
  const pointed = known?.graph.svg.isConnected && known.graph.svg.matches('.dimmed:hover')
  if (known?.source !== element.dataset.graph && !pointed) draw(element)
})
