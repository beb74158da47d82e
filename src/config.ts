/** Every setting, once: flags, environment variables, `--help` and the docs come from this table. */
import { hostname } from 'node:os'
import { NixieError } from './errors'
import { literalOf } from './redaction/text'

interface Setting<T> {
  readonly flag: string
  readonly env: string
  readonly help: string
  readonly fallback: T
  readonly parse: (text: string) => T | undefined
  /** What a good value looks like, for the error. */
  readonly shape: string
}

const text = (value: string) => value
const flag = (value: string) =>
  /^(1|true|yes|on)$/i.test(value) ? true : /^(0|false|no|off)$/i.test(value) ? false : undefined

const UNITS: Record<string, number> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }

/** `64M`, `1.5 GiB`; undefined for no such text. */
export function bytesOf(value: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(value)
  return match ? Math.floor(Number(match[1]) * UNITS[match[2]!.toLowerCase()]!) : undefined
}

const SMALLEST_RING = 64 << 10

function ringBytes(value: string): number | undefined {
  const size = bytesOf(value)
  return size !== undefined && size >= SMALLEST_RING && size < 2 ** 32 && Number.isInteger(Math.log2(size))
    ? size
    : undefined
}

/** Names of processes whose TLS is left out: the probes compare with each. */
const MOST_LEFT_OUT = 8

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86400 }

/** `10s`, `24h`; undefined for no such text. */
export function secondsOf(value: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([smhd])$/i.exec(value)
  const span = match ? Number(match[1]) * SECONDS[match[2]!.toLowerCase()]! : 0
  return span > 0 ? span : undefined
}

function listenAddress(value: string): string | undefined {
  return /^(\[[0-9a-f:]+\]|[^:\s]+):\d{1,5}$/i.test(value) &&
    Number(value.slice(value.lastIndexOf(':') + 1)) < 65536
    ? value
    : undefined
}

function secretNames(value: string): string | undefined {
  const names = value.split(',').map((name) => name.trim())
  const isName = (name: string) => /^[\w*.-]{1,128}$/.test(name) && literalOf(name) !== ''
  return value === '' || names.every(isName) ? names.filter((name) => name !== '').join(',') : undefined
}

/** `on`, `off`, or names of processes and (with a slash) of namespaces that are left out. */
function tlsReading(value: string): string | undefined {
  if (/^(on|off)$/i.test(value)) return value.toLowerCase()
  const names = value.split(',').map((name) => name.trim())
  const isName = (name: string) => /^-([^\s,]{0,14}[^\s,/]|[a-z0-9-]{1,63}\/)$/.test(name)
  return names.length <= MOST_LEFT_OUT && names.every(isName) ? names.join(',') : undefined
}

/** Part of the machine, 0 to 1; 0: no limit. */
function machineShare(value: string): number | undefined {
  if (/^off$/i.test(value)) return 0
  const match = /^(\d+(?:\.\d+)?)\s*%$/.exec(value)
  const share = match ? Number(match[1]) / 100 : 0
  return share > 0 && share <= 1 ? share : undefined
}

const setting = <T>(s: Setting<T>): Setting<T> => s

export const SETTINGS = {
  listen: setting({
    flag: 'listen',
    env: 'NIXIE_LISTEN',
    help: 'Address to answer on; any but loopback needs --token-file',
    fallback: '127.0.0.1:6494',
    parse: listenAddress,
    shape: 'HOST:PORT',
  }),
  dataDir: setting({
    flag: 'data-dir',
    env: 'NIXIE_DATA_DIR',
    help: 'Where the last 24 hours are kept',
    fallback: '/var/lib/nixie',
    parse: text,
    shape: 'a directory',
  }),
  scriptsDir: setting({
    flag: 'scripts-dir',
    env: 'NIXIE_SCRIPTS_DIR',
    help: "Scripts of your own beside the library's: DIR/NAMESPACE/NAME/*.pxl, with manifest.yaml and vis.json",
    fallback: '',
    parse: text,
    shape: 'a directory',
  }),
  tokenFile: setting({
    flag: 'token-file',
    env: 'NIXIE_TOKEN_FILE',
    help: 'File with the token that requests must carry (Authorization: Bearer …)',
    fallback: '',
    parse: text,
    shape: 'a file',
  }),
  allowUsers: setting({
    flag: 'allow-users',
    env: 'NIXIE_ALLOW_USERS',
    help: 'Accounts of this machine that may look, beside root and the one that started it with sudo; separated by commas',
    fallback: '',
    parse: text,
    shape: 'names or numbers of users',
  }),
  allowGroups: setting({
    flag: 'allow-groups',
    env: 'NIXIE_ALLOW_GROUPS',
    help: 'Groups whose members may look; separated by commas',
    fallback: '',
    parse: text,
    shape: 'names or numbers of groups',
  }),
  allowedHosts: setting({
    flag: 'allowed-hosts',
    env: 'NIXIE_ALLOWED_HOSTS',
    help: 'More names that requests may use as Host, separated by commas',
    fallback: '',
    parse: text,
    shape: 'host names',
  }),
  peerListen: setting({
    flag: 'peer-listen',
    env: 'NIXIE_PEER_LISTEN',
    help: 'Second address, for the probes of a cluster and, with --peer-token-file, its other nodes; empty: none',
    fallback: '',
    parse: (value) => (value === '' ? '' : listenAddress(value)),
    shape: 'HOST:PORT',
  }),
  peerTokenFile: setting({
    flag: 'peer-token-file',
    env: 'NIXIE_PEER_TOKEN_FILE',
    help: 'File with the token that the nodes of a cluster share; without it they do not answer each other',
    fallback: '',
    parse: text,
    shape: 'a file',
  }),
  kubeconfig: setting({
    flag: 'kubeconfig',
    env: 'NIXIE_KUBECONFIG',
    help: 'Kubeconfig of the cluster that this node belongs to; a pod uses its service account',
    fallback: '',
    parse: text,
    shape: 'a file',
  }),
  clusterName: setting({
    flag: 'cluster-name',
    env: 'NIXIE_CLUSTER_NAME',
    help: "What to call the cluster; by default the kubeconfig's name for it",
    fallback: '',
    parse: text,
    shape: 'a name',
  }),
  nodeName: setting({
    flag: 'node-name',
    env: 'NIXIE_NODE_NAME',
    help: "The node's name in the cluster; by default the host's name, in lower case as the cluster has it",
    // Names of nodes are DNS names (RFC 1123): what is asked for is compared as text.
    fallback: hostname().toLowerCase(),
    parse: (value) => value || undefined,
    shape: 'a name',
  }),
  retention: setting({
    flag: 'retention',
    env: 'NIXIE_RETENTION',
    help: 'How long rows are kept',
    fallback: 86400,
    parse: secondsOf,
    shape: 'a number and s, m, h or d (24h)',
  }),
  diskBudget: setting({
    flag: 'disk-budget',
    env: 'NIXIE_DISK_BUDGET',
    help: 'Most bytes that the store may take; 0: 1 GiB or 10 % of the free disk, whichever is less, at least what it holds already',
    fallback: 0,
    parse: bytesOf,
    shape: 'a number of bytes (512M, 1G)',
  }),
  bodyLimit: setting({
    flag: 'body-limit',
    env: 'NIXIE_BODY_LIMIT',
    help: 'Bytes kept of each message body',
    fallback: 1024,
    parse: bytesOf,
    shape: 'a number of bytes (1024, 4K)',
  }),
  redact: setting({
    flag: 'redact',
    env: 'NIXIE_REDACT',
    help: 'Replace secrets (Authorization, Cookie, …) before they are stored',
    fallback: true,
    parse: flag,
    shape: 'true or false',
  }),
  redactExtra: setting({
    flag: 'redact-extra',
    env: 'NIXIE_REDACT_EXTRA',
    help: 'More names of headers, parameters, JSON keys and flags whose values are secrets: customer-no,*badge*',
    fallback: '',
    parse: secretNames,
    shape: 'names with three letters in a row or more, * for any letters, separated by commas',
  }),
  protoDir: setting({
    flag: 'proto-dir',
    env: 'NIXIE_PROTO_DIR',
    help: 'Sources of Protocol Buffers (*.proto) or descriptor sets (*.binpb, *.pb, *.protoset), by which messages of gRPC have names; servers tell theirs by reflection, too',
    fallback: '',
    parse: text,
    shape: 'a directory',
  }),
  ringBytes: setting({
    flag: 'ring-bytes',
    env: 'NIXIE_RING_BYTES',
    help: 'Size of the ring between the kernel and Nixie; a power of two',
    fallback: 16 << 20,
    parse: ringBytes,
    shape: 'a power of two of at least 64K (16M)',
  }),
  waitingLimit: setting({
    flag: 'waiting-limit',
    env: 'NIXIE_WAITING_LIMIT',
    help: 'Memory for unfinished messages and unanswered requests; beyond it the oldest and largest are given up',
    fallback: 48 << 20,
    parse: bytesOf,
    shape: 'a size (48M)',
  }),
  tls: setting({
    flag: 'tls',
    env: 'NIXIE_TLS',
    help: 'Read what processes say within TLS, by probes in their libraries; off: no process is touched; -NAME,-NAMESPACE/: not these',
    fallback: 'on',
    parse: tlsReading,
    shape:
      'on, off, or up to 8 names of processes as /proc/PID/comm has them, or of namespaces with a slash behind, each with a minus: -mysqld,-java,-bank/',
  }),
  cpuBudget: setting({
    flag: 'cpu-budget',
    env: 'NIXIE_CPU_BUDGET',
    help: 'Part of the processors that capture may take on average, a quarter of that while others want them; exchanges beyond it are only counted',
    fallback: 0.1,
    parse: machineShare,
    shape: 'a percentage of the machine (10%), or off',
  }),
  capture: setting({
    flag: 'capture',
    env: 'NIXIE_CAPTURE',
    help: 'Trace this node; false only serves what is stored',
    fallback: true,
    parse: flag,
    shape: 'true or false',
  }),
} as const

export type SettingName = keyof typeof SETTINGS
export type Config = {
  -readonly [K in SettingName]: (typeof SETTINGS)[K]['fallback'] extends infer T
    ? T extends string
      ? string
      : T extends number
        ? number
        : boolean
    : never
}

/** Flags win over the environment, which wins over the defaults. Flag values are still text. */
export function readConfig(
  flags: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>>,
): Config {
  const config: Record<string, unknown> = {}
  for (const [name, s] of Object.entries(SETTINGS) as [string, Setting<unknown>][]) {
    const given = flags[s.flag] ?? env[s.env]
    if (given === undefined) {
      config[name] = s.fallback
      continue
    }
    const value = s.parse(given)
    if (value === undefined) {
      const where = flags[s.flag] === undefined ? s.env : `--${s.flag}`
      throw new NixieError(
        'bad_request',
        `${where}: '${given}' is not ${s.shape}`,
        `Give ${where} ${s.shape}.`,
      )
    }
    config[name] = value
  }
  return config as Config
}
