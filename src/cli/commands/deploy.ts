import { CLUSTER_OPTIONS, TIMEOUT } from '../cluster/options'
import type { Command, Option } from '../command'

export const DRY_RUN: Option = { flag: 'dry-run', help: 'Only print what would be applied, as YAML' }

export const deploy: Command = {
  name: 'deploy',
  summary: 'Put Nixie on every node of a Kubernetes cluster, and wait until it captures',
  details:
    'With --minikube, --kind or --k3s it makes the image of this executable, without docker, and loads it into every node.\n' +
    'Applies again what changed; data and the token that the nodes share stay.\nExit code 1: it does not capture, and why is said.',
  positionals: [],
  options: [
    ...CLUSTER_OPTIONS,
    { flag: 'image', value: 'NAME', help: 'An image that the nodes have or can pull; nothing is loaded' },
    {
      flag: 'image-archive',
      value: 'FILE',
      help: 'Load this image instead of one of this executable (docker save and nixie image write them)',
    },
    {
      flag: 'data-dir',
      value: 'DIR',
      help: 'Directory of each node for what is captured',
      fallback: '/var/lib/nixie; on minikube /data/nixie',
    },
    {
      flag: 'privileged',
      help: 'Privileged pods, for kernels and runtimes where the capabilities are not enough',
    },
    DRY_RUN,
    TIMEOUT,
  ],
  // What speaks to a cluster is loaded by the commands that do.
  run: async (invocation) => (await import('../cluster/install')).deployNixie(invocation),
}
