/** `nixie status` of a cluster. */
import type { Given } from '../command'
import { nixiePods, noNixie } from './nixie-pods'
import { clusterText } from './status-text'
import { openTarget } from './target'

/** Exit code 1 when a node doesn't capture. */
export async function clusterStatus({ flags, io }: Given): Promise<number> {
  const target = openTarget({ flags, io })
  const pods = await nixiePods(target)
  if (pods.length === 0) throw noNixie(target)
  if (flags.output === 'json') {
    const nodes = pods.map(({ name, node, state, status }) => ({
      node,
      pod: name,
      state: state.doing,
      ...(state.problem ? { problem: state.problem } : {}),
      status: status ?? null,
    }))
    const { context, server } = target.client
    await io.stdout.write(
      `${JSON.stringify({ context, server, namespace: target.namespace, nodes }, null, 2)}\n`,
    )
  } else {
    const where = `Context ${target.client.context}, namespace ${target.namespace}`
    await io.stdout.write([...clusterText(where, pods, io.stdout.columns)].join(''))
  }
  return pods.every(({ status }) => status?.ready) ? 0 : 1
}
