import { DEFAULT_SERVER, SERVER_OPTIONS } from '../backend'
import { CLUSTER_OPTIONS, namesCluster } from '../cluster/options'
import { type Command, UsageError } from '../command'
import { localServer } from '../local-server'

export const ui: Command = {
  name: 'ui',
  summary: 'Open the pages in a browser: of this host, or of a cluster through a forwarded port',
  details:
    'Without an option: this host, when a Nixie answers here, else the cluster of the kubeconfig. A forwarded port stays open until Ctrl+C.',
  positionals: [],
  options: [
    ...CLUSTER_OPTIONS,
    { flag: 'node', value: 'NAME', help: 'Forward to the pod of this node' },
    { flag: 'port', value: 'PORT', help: 'The port here; 0: any', fallback: '6494, or any when it is taken' },
    { flag: 'no-open', help: 'Only print the address' },
    SERVER_OPTIONS[0]!,
  ],
  run: async (invocation) => {
    const { flags, io } = invocation
    if (flags.port !== undefined && !(/^\d{1,5}$/.test(flags.port) && Number(flags.port) < 65536)) {
      throw new UsageError(`--port: '${flags.port}' is no port`)
    }
    const { openBrowser, openClusterUi } = await import('../cluster/ui')
    const inCluster = namesCluster(invocation) || flags.node !== undefined || flags.port !== undefined
    if (!inCluster) {
      const url = flags.server ?? io.env.NIXIE_SERVER
      if (url !== undefined || (await localServer(DEFAULT_SERVER))) {
        return openBrowser(url ?? DEFAULT_SERVER, invocation)
      }
    }
    return openClusterUi(invocation)
  },
}
