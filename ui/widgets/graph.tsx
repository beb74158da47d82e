import { GRAPH } from '../assets'
import type { GraphData } from './drawn'

/** Drawn in the browser; the table below it holds the same edges. */
export function GraphWidget({ id, data, title }: { id: string; data: GraphData; title: string }) {
  const [level] = data.levels
  if (!level || level.edges.length === 0) return <p class="empty">No edges in this time range.</p>
  return (
    <>
      <figure
        id={id}
        class="graph"
        aria-label={`${title}: a graph; the table below holds the numbers`}
        data-graph={JSON.stringify(data)}
        data-script={GRAPH.path}
        hx-morph-skip-children=""
      >
        <noscript>
          <p class="empty">A graph needs a script; its table is below.</p>
        </noscript>
      </figure>
      {level.left > 0 ? <p class="count">{level.left} more edges are only in the table.</p> : null}
    </>
  )
}
