/** Options that say which cluster, context and namespace a command works on. */
import { type Invocation, type Option, UsageError } from '../command'

export const NAMESPACE = 'nixie'

export const CONTEXT_OPTIONS: readonly Option[] = [
  { flag: 'minikube', help: 'The cluster of minikube' },
  {
    flag: 'profile',
    value: 'NAME',
    help: 'With --minikube: its profile',
    env: 'MINIKUBE_PROFILE',
    fallback: "the one that 'minikube profile' chose",
  },
  {
    flag: 'kind',
    value: 'NAME',
    optional: true,
    help: 'The cluster of kind, by its name',
    env: 'KIND_CLUSTER_NAME',
    fallback: 'kind',
  },
  { flag: 'k3s', help: "The cluster of this machine's k3s" },
  { flag: 'context', value: 'NAME', help: "The kubeconfig's context", fallback: 'the current one' },
  { flag: 'kubeconfig', value: 'FILE', help: 'The kubeconfig', env: 'KUBECONFIG' },
]

export const CLUSTER_OPTIONS: readonly Option[] = [
  ...CONTEXT_OPTIONS,
  { flag: 'namespace', short: 'n', value: 'NAME', help: "Nixie's namespace", fallback: NAMESPACE },
]

export const TIMEOUT: Option = {
  flag: 'timeout',
  value: 'SECONDS',
  help: 'How long to wait at most',
  fallback: '300',
}

/** Whether the options name a cluster. */
export const namesCluster = ({ flags }: Pick<Invocation, 'flags'>): boolean =>
  CLUSTER_OPTIONS.some(({ flag }) => flags[flag] !== undefined)

/** @throws UsageError */
export function timeoutMs({ timeout = '300' }: Readonly<Record<string, string>>): number {
  const seconds = /^\d{1,6}s?$/.test(timeout) ? Number.parseInt(timeout, 10) : 0
  if (seconds > 0) return seconds * 1000
  throw new UsageError(`--timeout: '${timeout}' is no number of seconds`)
}
