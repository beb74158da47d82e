/** minikube, kind and k3s: how each names its cluster, and how an image comes to all of its nodes. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Given, UsageError } from '../command'
import { shellWord } from './own-command'

export interface Distribution {
  readonly kind: 'minikube' | 'kind' | 'k3s'
  /** minikube's profile, kind's name, `k3s`. */
  readonly cluster: string
  /** The kubeconfig's context; undefined: the current one. */
  readonly context: string | undefined
  /** The kubeconfig to read when the user has none. */
  readonly kubeconfig?: string
  /** The options that name this cluster on a command line. */
  readonly words: string
  /** Loads an image archive into every node that it can reach. */
  readonly load: (file: string) => readonly string[]
  /** Lists the images that the nodes have, to see whether loading worked. */
  readonly list?: readonly string[]
  /** What a user runs to have the cluster. */
  readonly start: string
  /** Where the program comes from. */
  readonly site: string
}

const DEFAULT = 'minikube'
export const K3S_KUBECONFIG = '/etc/rancher/k3s/k3s.yaml'

/** The profile that `minikube profile NAME` has chosen. */
function chosenProfile({ MINIKUBE_HOME, HOME }: Given['io']['env']): string | undefined {
  const home = MINIKUBE_HOME || (HOME ? join(HOME, '.minikube') : '')
  // MINIKUBE_HOME may be the folder itself or its parent.
  for (const folder of [home, join(home, '.minikube')]) {
    const path = join(folder, 'config/config.json')
    if (home === '' || !existsSync(path)) continue
    try {
      const { profile } = JSON.parse(readFileSync(path, 'utf8')) as { profile?: unknown }
      if (typeof profile === 'string' && profile !== '') return profile
    } catch {
      // minikube itself says what is wrong with its file.
    }
  }
  return undefined
}

function minikube({ flags, io }: Given): Distribution {
  const profile = flags.profile ?? (io.env.MINIKUBE_PROFILE || chosenProfile(io.env)) ?? DEFAULT
  const named = profile === DEFAULT ? '' : ` --profile ${shellWord(profile)}`
  return {
    kind: 'minikube',
    cluster: profile,
    context: profile,
    words: `--minikube${named}`,
    load: (file) => ['minikube', '--profile', profile, 'image', 'load', file],
    list: ['minikube', '--profile', profile, 'image', 'ls'],
    start: `minikube start${named}`,
    site: 'https://minikube.sigs.k8s.io/docs/start/',
  }
}

function kind({ flags, io }: Given): Distribution {
  const name = flags.kind || io.env.KIND_CLUSTER_NAME || 'kind'
  return {
    kind: 'kind',
    cluster: name,
    context: `kind-${name}`,
    words: name === 'kind' ? '--kind' : `--kind=${shellWord(name)}`,
    load: (file) => ['kind', 'load', 'image-archive', file, '--name', name],
    start: `kind create cluster${name === 'kind' ? '' : ` --name ${shellWord(name)}`}`,
    site: 'https://kind.sigs.k8s.io/docs/user/quick-start/',
  }
}

const k3s = (): Distribution => ({
  kind: 'k3s',
  cluster: 'k3s',
  context: undefined,
  kubeconfig: K3S_KUBECONFIG,
  words: '--k3s',
  load: (file) => ['k3s', 'ctr', 'images', 'import', file],
  start: 'systemctl start k3s',
  site: 'https://docs.k3s.io/quick-start',
})

/** The distribution that the command line names. @throws UsageError when it names several */
export function distributionOf(given: Given): Distribution | undefined {
  const { flags } = given
  const named = (['minikube', 'kind', 'k3s'] as const).filter((flag) => flags[flag] !== undefined)
  if (named.length > 1) throw new UsageError(`--${named[0]} and --${named[1]} exclude each other`)
  if (flags.profile !== undefined && named[0] !== 'minikube')
    throw new UsageError('--profile is one of minikube', 'Add --minikube.')
  if (named[0] === 'minikube') return minikube(given)
  if (named[0] === 'kind') return kind(given)
  return named[0] === 'k3s' ? k3s() : undefined
}

/** The options that name a context which one of the distributions made. */
export function wordsOfContext(context: string): string | undefined {
  if (context === DEFAULT) return '--minikube'
  const name = /^kind-(.+)$/.exec(context)?.[1]
  if (name !== undefined) return name === 'kind' ? '--kind' : `--kind=${shellWord(name)}`
  return undefined
}
