/**
 * The visible part of a drawing: moved by dragging and arrows, zoomed by buttons, keys, pinching and Ctrl with the
 * wheel.
 */

export interface Extent {
  readonly width: number
  readonly height: number
}

/** Letters below this size can't be read. */
const LEAST_FIRST = 0.9
const LEAST = 0.08
const MOST = 3
const STEP = 60

/** How far it is moved and zoomed. */
export interface Seen {
  readonly scale: number
  readonly x: number
  readonly y: number
}

export class View {
  readonly #svg: SVGSVGElement
  readonly #group: SVGGElement
  readonly #drawing: Extent
  #scale = 1
  #x = 0
  #y = 0

  constructor(svg: SVGSVGElement, group: SVGGElement, drawing: Extent) {
    this.#svg = svg
    this.#group = group
    this.#drawing = drawing
    this.#listen()
  }

  /** Shows all of it if it can still be read, else the part around a point. */
  start(centre: { x: number; y: number } | undefined): void {
    const { width, height } = this.#svg.getBoundingClientRect()
    const fit = this.#fitting()
    if (fit >= LEAST_FIRST || !centre) {
      this.fit()
      return
    }
    this.#scale = LEAST_FIRST
    this.#x = Math.min(0, width / 2 - centre.x * this.#scale)
    this.#y = height / 2 - centre.y * this.#scale
    this.#apply()
  }

  get seen(): Seen {
    return { scale: this.#scale, x: this.#x, y: this.#y }
  }

  show({ scale, x, y }: Seen): void {
    this.#scale = scale
    this.#x = x
    this.#y = y
    this.#apply()
  }

  fit(): void {
    const { width, height } = this.#svg.getBoundingClientRect()
    this.#scale = this.#fitting()
    this.#x = (width - this.#drawing.width * this.#scale) / 2
    this.#y = (height - this.#drawing.height * this.#scale) / 2
    this.#apply()
  }

  zoom(factor: number, at?: { x: number; y: number }): void {
    const { width, height } = this.#svg.getBoundingClientRect()
    const { x, y } = at ?? { x: width / 2, y: height / 2 }
    const scale = Math.min(MOST, Math.max(LEAST, this.#scale * factor))
    this.#x = x - ((x - this.#x) * scale) / this.#scale
    this.#y = y - ((y - this.#y) * scale) / this.#scale
    this.#scale = scale
    this.#apply()
  }

  /** Moves until the point is seen, with some room around it. */
  reveal(point: { x: number; y: number }): void {
    const { width, height } = this.#svg.getBoundingClientRect()
    const [x, y] = [point.x * this.#scale + this.#x, point.y * this.#scale + this.#y]
    const room = 80
    if (x < room || x > width - room) this.#x += width / 2 - x
    if (y < room / 2 || y > height - room / 2) this.#y += height / 2 - y
    this.#apply()
  }

  #fitting(): number {
    const { width, height } = this.#svg.getBoundingClientRect()
    return Math.min(1.2, width / this.#drawing.width, height / this.#drawing.height)
  }

  #apply(): void {
    this.#group.setAttribute('transform', `translate(${this.#x} ${this.#y}) scale(${this.#scale})`)
  }

  #move(x: number, y: number): void {
    this.#x += x
    this.#y += y
    this.#apply()
  }

  #listen(): void {
    const svg = this.#svg
    svg.addEventListener(
      'wheel',
      (event) => {
        if (!event.ctrlKey && !event.metaKey) return
        event.preventDefault()
        const { left, top } = svg.getBoundingClientRect()
        this.zoom(Math.exp(-event.deltaY / 300), { x: event.clientX - left, y: event.clientY - top })
      },
      { passive: false },
    )
    svg.addEventListener('pointerdown', (event) => {
      if (event.button !== 0 || (event.target as Element).closest('a, .node')) return
      svg.setPointerCapture(event.pointerId)
      const drag = (move: PointerEvent) => this.#move(move.movementX, move.movementY)
      svg.addEventListener('pointermove', drag)
      svg.addEventListener('lostpointercapture', () => svg.removeEventListener('pointermove', drag), {
        once: true,
      })
    })
    svg.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return
      const acts: Record<string, () => void> = {
        '+': () => this.zoom(1.25),
        '=': () => this.zoom(1.25),
        '-': () => this.zoom(0.8),
        '0': () => this.fit(),
        ArrowLeft: () => this.#move(STEP, 0),
        ArrowRight: () => this.#move(-STEP, 0),
        ArrowUp: () => this.#move(0, STEP),
        ArrowDown: () => this.#move(0, -STEP),
      }
      const act = acts[event.key]
      if (!act) return
      event.preventDefault()
      act()
    })
  }
}
