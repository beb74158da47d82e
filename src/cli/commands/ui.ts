import { CLUSTER_OPTIONS, namesCluster } from '../cluster/options'
import { type Command, UsageError } from '../command'
import { localServer } from '../local-server'
import { DEFAULT_SERVER, SERVER_OPTIONS } from '../server'

export const ui: Command = {
  name: 'ui',
  summary: 'Open the pages in a browser: of this host, or of a cluster through a forwarded port',
  details:
    "Without an option: this host, when a Nixie answers here, else the cluster of the kubeconfig. A forwarded port stays open until Ctrl+C.\nWhere your account may not look, 'sudo nixie ui' prints a link that lets your browser in.",
  positionals: [],
  options: [
    ...CLUSTER_OPTIONS,
    { flag: 'node', value: 'NAME', help: 'Forward to the pod of this node' },
    { flag: 'port', value: 'PORT', help: 'The port here; 0: any', fallback: '6494, or any when it is taken' },
    { flag: 'no-open', help: 'Only print the address' },
    ...SERVER_OPTIONS,
  ],
  run: async (invocation) => {
    const { flags, io } = invocation
    if (flags.port !== undefined && !(/^\d{1,5}$/.test(flags.port) && Number(flags.port) < 65536)) {
      throw new UsageError(`--port: '${flags.port}' is no port`)
    }
    const inCluster = namesCluster(invocation) || flags.node !== undefined || flags.port !== undefined
    if (!inCluster) {
      const url = flags.server ?? io.env.NIXIE_SERVER
      if (url !== undefined || (await localServer(DEFAULT_SERVER))) {
        const { openHere } = await import('../way-in')
        return openHere(url ?? DEFAULT_SERVER, invocation)
      }
    }
    return (await import('../cluster/ui')).openClusterUi(invocation)
  },
}
