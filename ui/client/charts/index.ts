/** Charts over time: loaded where a page first holds one. */
import uPlot from 'uplot'
import { inUnit } from '../../units'
import type { ChartData } from '../../widgets/drawn'
import { timeOfDay } from '../times'

const HEIGHT = 200
const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** Round steps of the axes: seconds of the time axis, bytes of the other. */
const TIME_STEPS = [1, 2, 5, 10, 15, 30]
  .concat([1, 2, 5, 10, 15, 30].map((n) => n * MINUTE))
  .concat([1, 2, 3, 6, 12].map((n) => n * HOUR))
  .concat([1, 2, 7, 14].map((n) => n * DAY))
const BYTE_STEPS = Array.from({ length: 5 }, (_, power) =>
  [1, 2, 4, 8, 16, 32, 64, 128, 256, 512].map((n) => n * 1024 ** power),
).flat()
/** Colours that colour-blind readers can tell apart too (after Okabe and Ito), on light and dark. */
const COLOURS = ['#c2600f', '#2b7bb9', '#16946c', '#b8659a', '#9a8a16', '#5f6fd0', '#8c6d5a', '#6b7885']

interface Drawn {
  readonly plot: uPlot
  /** The attribute from which it was drawn. */
  source: string
  shape: string
  raw: ChartData
}

const drawn = new Map<HTMLElement, Drawn>()

/** Stacked lines are sums of those below; the legend still tells each one's own value. */
function columns(data: ChartData): uPlot.AlignedData {
  const sums = new Array<number>(data.xs.length).fill(0)
  const ys = data.series.map((series) => {
    if (!data.stacked) return [...series.ys]
    series.ys.forEach((y, i) => {
      sums[i] = sums[i]! + (y ?? 0)
    })
    return [...sums]
  })
  return [[...data.xs], ...ys] as uPlot.AlignedData
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

function options(element: HTMLElement, data: ChartData): uPlot.Options {
  const value = (_: uPlot, __: number, series: number, i: number | null) => {
    const y = i === null ? undefined : drawn.get(element)?.raw.series[series - 1]?.ys[i]
    return y === null || y === undefined ? '–' : inUnit(data.unit, y)
  }
  const axis = { stroke: () => colour('--quiet'), grid: { stroke: () => colour('--line'), width: 1 } }
  return {
    width: element.clientWidth || 300,
    height: HEIGHT,
    padding: [8, 26, 0, 0],
    cursor: { sync: { key: 'time' } },
    scales: { y: { range: (_, min, max) => [Math.min(0, min ?? 0), (max ?? 0) > 0 ? max * 1.08 : 1] } },
    axes: [
      {
        ...axis,
        ticks: axis.grid,
        size: 32,
        // Labels with seconds are wider.
        space: (_plot, _axis, from, to, width) => (((to - from) * 54) / width >= MINUTE ? 54 : 76),
        incrs: TIME_STEPS,
        values: (_, ticks) => ticks.map((t) => timeOfDay(t, ticks)),
      },
      {
        ...axis,
        ticks: axis.grid,
        size: 80,
        ...(data.unit.startsWith('bytes') ? { incrs: BYTE_STEPS } : {}),
        values: (_, ticks) => ticks.map((t) => inUnit(data.unit, t)),
      },
    ],
    series: [
      { label: 'time', value: (_: uPlot, t: number | null) => (t === null ? '–' : timeOfDay(t, [])) },
      ...data.series.map((s, i) => {
        const own = COLOURS[i % COLOURS.length]!
        return {
          label: s.label,
          stroke: () => (s.tone ? colour(`--${s.tone}`) : own),
          width: 1.5,
          spanGaps: true,
          points: { show: data.xs.length < 3 },
          value: value as unknown as uPlot.Series.Value,
          ...((data.area && !s.tone) || data.stacked ? { fill: `${own}33` } : {}),
        }
      }),
    ],
  }
}

const shapeOf = (data: ChartData) =>
  JSON.stringify([data.unit, data.stacked, data.series.map((s) => s.label)])

/** Shows new data; the zoomed range stays. */
function renew(plot: uPlot, before: ChartData, data: ChartData): void {
  const { min, max } = plot.scales.x!
  const zoomed = min! > before.xs[0]! || max! < before.xs.at(-1)!
  if (!zoomed) {
    plot.setData(columns(data))
    return
  }
  plot.setData(columns(data), false)
  plot.setScale('x', { min: min!, max: max! })
}

function draw(element: HTMLElement): void {
  const source = element.dataset.chart ?? ''
  const known = drawn.get(element)
  if (known?.source === source) return
  const data = JSON.parse(source) as ChartData
  const shape = shapeOf(data)
  if (known?.shape === shape) {
    const before = known.raw
    known.source = source
    known.raw = data
    renew(known.plot, before, data)
    return
  }
  known?.plot.destroy()
  drawn.delete(element)
  element.replaceChildren()
  drawn.set(element, {
    plot: new uPlot(options(element, data), columns(data), element),
    source,
    shape,
    raw: data,
  })
}

const sizes = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const plot = drawn.get(target as HTMLElement)?.plot
    if (plot && contentRect.width > 0) plot.setSize({ width: contentRect.width, height: HEIGHT })
  }
})

/** Draws new charts, gives new data to charts that stay, and removes those that have left the page. */
function drawCharts(): void {
  for (const [element, { plot }] of drawn) {
    if (element.isConnected) continue
    plot.destroy()
    sizes.unobserve(element)
    drawn.delete(element)
  }
  for (const element of document.querySelectorAll<HTMLElement>('[data-chart]')) {
    draw(element)
    sizes.observe(element)
  }
}

// Colours of axes are read when a chart is drawn.
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const { plot } of drawn.values()) plot.redraw()
})

drawCharts()
document.addEventListener('htmx:after:swap', drawCharts)
