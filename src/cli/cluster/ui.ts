/** `nixie ui`: the pages in the user's browser. */
import { NixieError } from '../../errors'
import { didYouMean } from '../../suggest'
import { openBrowser } from '../browser'
import type { Given } from '../command'
import { printable } from '../io'
import { type Forward, type ForwardOptions, forwardPort } from './forward'
import { listPods, NIXIE_PORT, noNixie } from './nixie-pods'
import { podState } from './pods'
import { hasKubeconfig, openTarget, type Target } from './target'

/** The pod of the node, or the first ready pod. Without one it throws an error that names the pods that exist. */
export async function uiPod(target: Target, node: string | undefined): Promise<string> {
  const pods = await listPods(target)
  if (pods.length === 0) throw noNixie(target)
  const found = pods.filter((pod) => node === undefined || pod.spec.nodeName === node)
  if (found.length === 0) {
    const names = pods.map(({ spec }) => spec.nodeName ?? '').filter((name) => name !== '')
    const hint = `${didYouMean(node!, names)}It runs on ${names.join(', ')}.`
    throw new NixieError('not_found', `No Nixie runs on node '${node}'`, hint)
  }
  const running =
    found.find((pod) => podState(pod).ready) ?? found.find((pod) => podState(pod).ask === 'readiness')
  if (running) return running.metadata.name
  const { doing, problem } = podState(found[0]!)
  throw new NixieError(
    'unavailable',
    `${found[0]!.metadata.name} is not ready: ${problem?.message ?? doing}`,
    problem?.hint ?? 'Try again in a moment.',
  )
}

/** Forwards the port that the user names; else the default port, or any free one when that is taken. */
function forwardUi(options: ForwardOptions, port: string | undefined): Forward {
  if (port !== undefined) return forwardPort({ ...options, localPort: Number(port) })
  try {
    return forwardPort({ ...options, localPort: NIXIE_PORT })
  } catch {
    return forwardPort(options)
  }
}

export async function openClusterUi({ flags, io }: Given): Promise<number> {
  if (flags.kubeconfig === undefined && !hasKubeconfig({ io })) {
    throw new NixieError(
      'unavailable',
      'No Nixie answers on this host, and there is no kubeconfig',
      'Start it here (nixie serve), or name a cluster: --kubeconfig FILE.',
    )
  }
  const target = openTarget({ flags, io })
  const pod = () => uiPod(target, flags.node)
  const first = await pod()
  let told = ''
  const failed = ({ message }: NixieError) => {
    if (message !== told) void io.stderr.write(`${printable(message)}\n`)
    told = message
  }
  const forward = forwardUi({ target, pod, port: NIXIE_PORT, failed }, flags.port)
  try {
    const where = `${target.client.context}, pod ${first}`
    await openBrowser(forward.url, { flags, io })
    await io.stderr.write(`Forwarded to ${printable(where)}, until Ctrl+C\n`)
    await new Promise<void>((resolve) => {
      for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve())
    })
  } finally {
    forward.close()
  }
  return 0
}
