/** The cluster that the command line means. */
import { accessSync, constants, existsSync } from 'node:fs'
import { NixieError } from '../../errors'
import { type ClusterClient, openUserCluster, userKubeconfigs } from '../../kubernetes/cluster'
import type { Given } from '../command'
import { ClusterApi } from './api'
import { type Distribution, distributionOf } from './distribution'
import { NAMESPACE } from './options'
import { shellWord } from './own-command'

export interface Target {
  readonly client: ClusterClient
  readonly api: ClusterApi
  readonly namespace: string
  readonly distribution: Distribution | undefined
}

export const hasKubeconfig = ({ io }: { readonly io: Pick<Given['io'], 'env'> }): boolean =>
  userKubeconfigs(io.env).length > 0

const readable = (file: string): boolean => {
  try {
    accessSync(file, constants.R_OK)
    return true
  } catch {
    return false
  }
}

/** The kubeconfig that the distribution wrote, unless the user names another or has a readable one. */
function ownKubeconfig({ kubeconfig, start }: Distribution, { env }: Given['io']): string | undefined {
  if (kubeconfig === undefined || env.KUBECONFIG) return undefined
  if (readable(kubeconfig)) return kubeconfig
  if (hasKubeconfig({ io: { env } })) return undefined
  if (!existsSync(kubeconfig)) {
    const hint = `Does k3s run here? ${start}. A cluster elsewhere: --kubeconfig FILE.`
    throw new NixieError('bad_request', `There is no kubeconfig, and no ${kubeconfig}`, hint)
  }
  throw new NixieError(
    'unauthorized',
    `Only root may read ${kubeconfig}`,
    `Run this with sudo, or take a copy: sudo cat ${kubeconfig} >~/.kube/config`,
  )
}

/** @throws NixieError when there is no such cluster */
export function openTarget({ flags, io }: Given): Target {
  const distribution = distributionOf({ flags, io })
  const context = flags.context ?? distribution?.context
  const kubeconfig = flags.kubeconfig ?? (distribution && ownKubeconfig(distribution, io))
  const start = distribution?.start
  const client = openUserCluster({ kubeconfig, context, start }, io.env)
  const api = new ClusterApi(client, start)
  return { client, api, namespace: flags.namespace ?? NAMESPACE, distribution }
}

/** The options that name the same cluster on a command line. */
export const targetWords = ({ flags, io }: Given): string =>
  [
    distributionOf({ flags, io })?.words,
    ...(['context', 'kubeconfig', 'namespace'] as const).map((flag) =>
      flags[flag] === undefined ? undefined : `--${flag} ${shellWord(flags[flag])}`,
    ),
  ]
    .filter((word) => word !== undefined)
    .map((word) => ` ${word}`)
    .join('')
