/** Brings an image to the nodes, the way that the distribution wants it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { messageOf, NixieError } from '../../errors'
import { withCleanUp } from '../clean-up'
import type { ArchiveInfo } from '../image/read'
import { type Io, printable } from '../io'
import { bytesText } from '../values'
import type { ClusterApi } from './api'
import { type Distribution, K3S_KUBECONFIG } from './distribution'
import { hasImage, type NodeObject, nodesOf } from './nodes'
import { runProgram } from './run-program'

export interface LoadOptions {
  readonly distribution: Distribution
  readonly api: ClusterApi
  readonly io: Io
  /** The user's own archive; without one the image is made of this executable. */
  readonly archive?: string | undefined
}

const LOAD_MS = 600_000
const MISSING_WORDS = 3

const say = (io: Io, line: string) => io.stdout.write(`${printable(line)}\n`)

/** The program that loads, at its place. @throws NixieError when it is not there */
function requireProgram({ kind, load, site }: Distribution, { env }: Io): void {
  const program = load('')[0]!
  if (Bun.which(program, { PATH: env.PATH ?? '' }) !== null) return
  const elsewhere = kind === 'k3s' ? 'Run this on a node of k3s.' : `${site} says how to install it.`
  throw new NixieError(
    'not_found',
    `${program} is not on this machine, and only it can bring the image to the nodes`,
    `${elsewhere} With an image that the nodes can pull: --image NAME.`,
  )
}

/** Root loads as it is; anyone else needs sudo, which asks on the terminal. */
async function loadingCommand(distribution: Distribution, file: string, io: Io): Promise<readonly string[]> {
  const command = distribution.load(file)
  if (distribution.kind !== 'k3s' || process.getuid?.() === 0) return command
  const line = ['sudo', ...command]
  if (!process.stdin.isTTY || Bun.which('sudo', { PATH: io.env.PATH ?? '' }) === null) {
    throw new NixieError(
      'unauthorized',
      'Only root may give k3s an image',
      `Run this as root: sudo nixie deploy ${distribution.words}`,
    )
  }
  await say(io, `Only root may give k3s an image, so this asks sudo: ${line.join(' ')}`)
  return line
}

/** The image would crash on nodes with another processor architecture. */
function checkArchitecture(nodes: readonly NodeObject[], { name, architectures }: ArchiveInfo): void {
  const others = nodes.filter(({ status }) => {
    const own = status?.nodeInfo?.architecture
    return own !== undefined && architectures.length > 0 && !architectures.includes(own)
  })
  if (others.length === 0) return
  const list = others.map(({ metadata, status }) => `${metadata.name} (${status!.nodeInfo!.architecture})`)
  throw new NixieError(
    'bad_request',
    `The image ${name} is for ${architectures.join(', ')}, and not every node is: ${list.slice(0, MISSING_WORDS).join(', ')}`,
    'Push an image for all of them to a registry and name it: --image NAME.',
  )
}

/** Whether the node is this machine: k3s brings an image to the node that it runs on and to no other. */
function isHere({ status }: NodeObject): boolean {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const own = new Set(addresses.map(({ address }) => address))
  return (status?.addresses ?? []).some(({ address }) => own.has(address))
}

/** @throws NixieError when the cluster is elsewhere */
function requireHere(nodes: readonly NodeObject[], context: string): void {
  if (nodes.some(isHere)) return
  throw new NixieError(
    'bad_request',
    `This machine is no node of context '${context}', so its k3s can't bring an image there`,
    `k3s' own kubeconfig is ${K3S_KUBECONFIG}: run this with sudo, or name it with --kubeconfig.`,
  )
}

/** @throws NixieError with the nodes that have to be given the image by hand */
function requireElsewhere(nodes: readonly NodeObject[], name: string): void {
  const lacking = nodes.filter((node) => !isHere(node) && !hasImage(node, name))
  if (lacking.length === 0) return
  const names = lacking.map(({ metadata }) => metadata.name)
  throw new NixieError(
    'unavailable',
    `This node has the image now, and k3s brings it to no other; without it: ${names.join(', ')}`,
    `nixie image --output nixie.tar; then for each: scp nixie.tar ${names[0]}: && ssh ${names[0]} sudo k3s ctr images import nixie.tar. Then run this again.`,
  )
}

async function checkLoaded({ list, kind }: Distribution, name: string, io: Io): Promise<void> {
  if (list === undefined) return
  const { code, out } = await runProgram(list, io, LOAD_MS)
  if (code !== 0 || out.includes(name)) return
  throw new NixieError(
    'unavailable',
    `${kind} says that it loaded the image, and its nodes do not have ${name}`,
    `See what they have: ${list.join(' ')}`,
  )
}

async function loadFile(file: string, { distribution, io }: LoadOptions): Promise<void> {
  const command = await loadingCommand(distribution, resolve(file), io)
  const { code, err, out } = await runProgram(command, io, LOAD_MS)
  if (code === 0) return
  const words = (err.trim() || out.trim()).split('\n').slice(-MISSING_WORDS).join(' ')
  throw new NixieError(
    'unavailable',
    `${command.join(' ')} ended with ${code}: ${words}`,
    `Does the cluster run? ${distribution.start}.`,
  )
}

/** @throws NixieError when there is no place for it */
function temporaryFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'nixie-image-'))
  } catch (cause) {
    const message = `The image has no place in ${tmpdir()}: ${messageOf(cause)}`
    throw new NixieError('store_error', message, 'Name a folder that you may write to with TMPDIR.')
  }
}

/**
 * Gives every node the image, also when they say that they have it: a node says so for minutes after it has removed one.
 * @returns its name
 * @throws NixieError when it can't be made or loaded, or a node stays without it
 */
export async function loadImage(options: LoadOptions, context: string): Promise<string> {
  const { distribution, api, io, archive } = options
  const built = archive === undefined ? await (await import('../image/own')).ownImage() : undefined
  const info: ArchiveInfo = built ?? (await (await import('../image/read')).readArchive(archive!))
  const nodes = await nodesOf(api)
  checkArchitecture(nodes, info)
  requireProgram(distribution, io)
  if (distribution.kind === 'k3s') requireHere(nodes, context)
  const folder = temporaryFolder()
  await withCleanUp(
    () => rmSync(folder, { recursive: true, force: true }),
    async () => {
      const file = archive ?? join(folder, 'nixie.tar')
      const size = built ? bytesText(built.bytes) : archive!
      if (built) await (await import('../image/write')).writeParts(built.parts, file)
      await say(io, `Loading the image ${info.name} (${size}) into ${distribution.cluster}`)
      await loadFile(file, options)
    },
  )
  await checkLoaded(distribution, info.name, io)
  if (distribution.kind === 'k3s') requireElsewhere(nodes, info.name)
  return info.name
}
