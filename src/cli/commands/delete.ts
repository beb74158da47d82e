import { CLUSTER_OPTIONS, TIMEOUT } from '../cluster/options'
import type { Command } from '../command'

export const deleteNixie: Command = {
  name: 'delete',
  summary: 'Take Nixie out of a Kubernetes cluster; what was captured stays on the nodes',
  positionals: [],
  options: [
    ...CLUSTER_OPTIONS,
    { flag: 'purge', help: 'Delete also what was captured, on every node' },
    TIMEOUT,
  ],
  run: async (invocation) => (await import('../cluster/install')).deleteNixie(invocation),
}
