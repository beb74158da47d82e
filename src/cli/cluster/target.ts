/** The cluster that the command line means. */
import { type ClusterClient, openUserCluster, userKubeconfigs } from '../../kubernetes/cluster'
import type { Invocation } from '../command'
import { ClusterApi } from './api'
import { NAMESPACE } from './options'

type Given = Pick<Invocation, 'flags' | 'io'>

export interface Target {
  readonly client: ClusterClient
  readonly api: ClusterApi
  readonly namespace: string
}

export const hasKubeconfig = ({ io }: Pick<Given, 'io'>): boolean => userKubeconfigs(io.env).length > 0

/** @throws NixieError when there is no such cluster */
export function openTarget({ flags, io }: Given): Target {
  const context = flags.context ?? (flags.minikube === undefined ? undefined : 'minikube')
  const client = openUserCluster({ kubeconfig: flags.kubeconfig, context }, io.env)
  return { client, api: new ClusterApi(client), namespace: flags.namespace ?? NAMESPACE }
}
