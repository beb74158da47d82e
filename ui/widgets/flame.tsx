import { FLAME } from '../assets'
import type { FlameData } from './drawn'

/** Drawn in the browser; the table below it holds the same stacks. */
export function FlameWidget({ id, data, title }: { id: string; data: FlameData; title: string }) {
  if (data.nodes.length < 2) return <p class="empty">No stacks in this time range.</p>
  return (
    <figure
      id={id}
      class="flame"
      aria-label={`${title}: a flame graph; the table below holds the numbers`}
      data-flame={JSON.stringify(data)}
      data-script={FLAME.path}
      hx-morph-skip-children=""
    >
      <noscript>
        <p class="empty">A flame graph needs a script; its table is below.</p>
      </noscript>
    </figure>
  )
}
