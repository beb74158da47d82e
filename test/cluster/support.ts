/** The test cluster, as its tests use it: kubectl, images, ports of pods. `node/up.sh` brings it up, `down.sh` takes it down. */
import { afterAll, beforeAll } from 'bun:test'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { binary, type Row, root } from '../support/nixie'
import { PATIENCE_MS, until } from '../support/scope'

const here = import.meta.dir
export const state = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'k8s-node')
const socket = join(state, 'run/containerd.sock')
const env = {
  ...process.env,
  KUBECONFIG: join(state, 'conf/admin.kubeconfig'),
  PATH: `${join(state, 'bin')}:${process.env.PATH}`,
}

/** How long a rollout may take: images are unpacked, probes asked, and what fails is tried again after pauses. */
export const ROLLOUT = '--timeout=300s'

export const NIXIE_IMAGE = 'test.local/nixie:1'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

export async function run(
  command: readonly string[],
  options: { input?: string; ms?: number; cwd?: string; env?: Record<string, string> } = {},
): Promise<Ran> {
  const child = Bun.spawn([...command], {
    cwd: options.cwd ?? root,
    env: { ...env, ...options.env },
    stdin: options.input === undefined ? 'ignore' : Buffer.from(options.input),
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: options.ms ?? 4 * PATIENCE_MS,
  })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return { code: await child.exited, out, err }
}

/** What the command wrote. Throws, with all it wrote, when it fails. */
export async function must(
  command: readonly string[],
  options: Parameters<typeof run>[1] = {},
): Promise<string> {
  const { code, out, err } = await run(command, options)
  if (code !== 0) throw new Error(`${command.join(' ')}: ended with ${code}\n${out}${err}`)
  return out
}

export const kubectl = (...args: string[]): Promise<string> => must(['kubectl', ...args])

export const apply = (manifest: string): Promise<string> =>
  must(['kubectl', 'apply', '-f', '-'], { input: manifest })

const newer = (path: string, than: string) =>
  existsSync(path) && statSync(path).mtimeMs > statSync(than).mtimeMs

/** Archive of the image of dist/nixie; made again when the binary is newer. */
export async function nixieArchive(): Promise<string> {
  mkdirSync(join(state, 'images'), { recursive: true })
  const archive = join(state, 'images/nixie.tar')
  if (!newer(archive, binary)) await must([binary, 'image', '--output', archive, '--tag', NIXIE_IMAGE])
  return archive
}

const load = (archive: string) =>
  must(['ctr', '-a', socket, '-n', 'k8s.io', 'images', 'import', archive], { ms: 4 * PATIENCE_MS })

/** Waits until no other run uses the machine's one cluster; the lock is free again when this process ends, however it ends. */
async function lock(): Promise<() => Promise<void>> {
  mkdirSync(state, { recursive: true })
  const command = ['-w', '3600', join(state, 'lock'), 'sh', '-c', 'echo locked; exec cat']
  const child = spawn('flock', command, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.on('exit', resolve))
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    ended.then(() => reject(new Error('the cluster is in use')))
  })
  return async () => {
    child.stdin.end()
    await ended
  }
}

/** Brings the cluster up for the tests of this file unless it is, with the image on its node; `clean` runs before its end. */
export function useCluster(clean?: () => Promise<void>): void {
  let ours = false
  let unlock: (() => Promise<void>) | undefined
  beforeAll(async () => {
    unlock = await lock()
    ours = !existsSync(join(state, 'run/boot_id'))
    await must([join(here, 'node/up.sh')], { ms: 30 * 60_000 })
    await load(await nixieArchive())
  }, 95 * 60_000)
  afterAll(async () => {
    try {
      await clean?.()
    } finally {
      await unlock?.()
      if (ours) await must([join(here, 'down.sh')])
    }
  })
}

/** Applies deploy/nixie.yaml through the overlay and waits until its pod is ready. */
export async function deployNixie(): Promise<void> {
  await apply(await kubectl('kustomize', '--load-restrictor', 'LoadRestrictionsNone', join(here, 'overlay')))
  await nixieReady()
}

export const nixieReady = (): Promise<string> =>
  kubectl('-n', 'nixie', 'rollout', 'status', 'daemonset/nixie', ROLLOUT)

/** Samples of deploy/demo with the image that the test made. */
export async function deployDemo(name: 'kuard' | 'shop'): Promise<void> {
  const text = await Bun.file(join(root, `deploy/demo/${name}.yaml`)).text()
  await apply(text.replace(/localhost\/nixie:\S+/g, NIXIE_IMAGE).replaceAll('IfNotPresent', 'Never'))
  await kubectl('-n', name, 'wait', '--for=condition=Available', ROLLOUT, 'deployment', '--all')
}

export interface Forward {
  readonly url: string
  close(): void
}

/** Programs of `stand-ins/` in the place of minikube's, k3s's and docker's, and a kubeconfig with their contexts. */
export function standIns(dir: string): { readonly env: Record<string, string>; called(): string[] } {
  const log = join(dir, 'called')
  const kubeconfig = join(dir, 'kubeconfig')
  const contexts = ['minikube', 'kind-test'].map(
    (name) => `- name: ${name}\n  context: {cluster: test, user: admin}\n`,
  )
  writeFileSync(kubeconfig, readFileSync(env.KUBECONFIG, 'utf8') + contexts.join(''))
  return {
    env: {
      PATH: `${join(here, 'stand-ins')}:${env.PATH}`,
      KUBECONFIG: kubeconfig,
      STAND_IN_LOG: log,
      STAND_IN_SOCKET: socket,
      STAND_IN_CONFIG: join(state, 'conf/containerd.toml'),
    },
    called: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
  }
}

/** Takes the images of `nixie deploy` off the node, so that the next one has to load its own. */
export async function removeLoadedImages(): Promise<void> {
  const images = await must(['ctr', '-a', socket, '-n', 'k8s.io', 'images', 'ls', '-q'])
  const loaded = images.split('\n').filter((name) => name.startsWith('localhost/nixie:'))
  if (loaded.length > 0)
    await must(['ctr', '-a', socket, '-n', 'k8s.io', 'images', 'rm', '--sync', ...loaded])
}

/** `kubectl port-forward` to Nixie's pod. */
export async function forward(): Promise<Forward> {
  const child = spawn('kubectl', ['-n', 'nixie', 'port-forward', 'daemonset/nixie', ':6494'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  }
  const port = await until('port-forward', () => /127\.0\.0\.1:(\d+) ->/.exec(said)?.[1]).catch((cause) => {
    child.kill()
    throw new Error(`${cause.message}\n${said}`)
  })
  return { url: `http://127.0.0.1:${port}`, close: () => child.kill() }
}

/** Asks the pod's Nixie with its own binary, inside the pod. */
export const inside = (...args: string[]): Promise<string> =>
  kubectl('-n', 'nixie', 'exec', 'daemonset/nixie', '--', 'nixie', ...args)

const rowsOf = (text: string): Row[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row)

/** Rows of `nixie run … -o json` in the pod. */
export async function rowsInside(...args: string[]): Promise<Row[]> {
  const [script, ...rest] = args
  return rowsOf(await inside('run', script!, '-o', 'json', ...rest))
}

/** The text of a link's cell, or of a plain one. */
export function label(cell: unknown): string {
  const text = String((cell as { label?: string })?.label ?? cell)
  return text.startsWith('{') ? String(JSON.parse(text).label) : text
}
