/** Puts Nixie and its samples into a cluster, and takes them out. */
import { randomBytes } from 'node:crypto'
import { NixieError } from '../../errors'
import { type Given, UsageError } from '../command'
import { type Io, printable } from '../io'
import { DEFAULT_SERVER } from '../server'
import { type ClusterApi, type KubeObject, nameOf, pathOf } from './api'
import { distributionOf } from './distribution'
import { type Changes, type DemoName, demoObjects, nixieObjects, peerSecret, yamlText } from './manifests'
import { listPods, readinessOf } from './nixie-pods'
import { imageOfNixie, named, nodeImage } from './node-image'
import { NAMESPACE, timeoutMs } from './options'
import { ownCommand, shellWord } from './own-command'
import { openTarget, targetWords } from './target'
import { waitForRollout } from './wait'

/** Label of a namespace that `nixie deploy` made, so that `nixie delete` may delete it. */
const MADE_BY = 'app.kubernetes.io/managed-by'

const POLL_MS = 500

const say = (io: Io, line: string) => io.stdout.write(`${printable(line)}\n`)

const labelled = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, labels: { ...object.metadata.labels, [MADE_BY]: 'nixie' } },
})

async function applyAll(api: ClusterApi, objects: readonly KubeObject[], io: Io): Promise<void> {
  for (const object of objects) {
    if (object.kind !== 'Namespace') {
      await api.apply(object)
    } else {
      const there = await api.find<KubeObject>(pathOf(object))
      if (there?.metadata.deletionTimestamp !== undefined) await gone(api, [object], io, 60_000)
      const ours = there === undefined || there.metadata.labels?.[MADE_BY] === 'nixie'
      await api.apply(ours ? labelled(object) : object)
    }
    await say(io, `${nameOf(object)} applied`)
  }
}

/** Waits until all of them are gone. */
async function gone(api: ClusterApi, objects: readonly KubeObject[], io: Io, ms: number): Promise<void> {
  const end = performance.now() + ms
  for (const object of objects) {
    let told = false
    while ((await api.find(pathOf(object))) !== undefined) {
      if (!told) await say(io, `waiting until ${nameOf(object)} is gone`)
      told = true
      if (performance.now() > end) {
        const hint = `Something in it does not end: kubectl describe ${object.kind} ${object.metadata.name}.`
        throw new NixieError('deadline_exceeded', `${nameOf(object)} is still there`, hint)
      }
      await Bun.sleep(POLL_MS)
    }
  }
}

const secondsSince = (started: number): string => `${Math.round((performance.now() - started) / 1000)} s`

/** The generation of the DaemonSet: it changes when its pods are to be replaced. Undefined: there is no DaemonSet. */
async function generationOf(api: ClusterApi, objects: readonly KubeObject[]): Promise<unknown> {
  const path = pathOf(objects.find(({ kind }) => kind === 'DaemonSet')!)
  return (await api.find<KubeObject>(path).catch(() => undefined))?.metadata.generation
}

/** `nixie deploy` */
export async function deployNixie({ flags, io }: Given): Promise<number> {
  const started = performance.now()
  const distribution = distributionOf({ flags, io })
  const changes = {
    namespace: flags.namespace ?? NAMESPACE,
    dataDir: flags['data-dir'],
    distribution,
    privileged: flags.privileged !== undefined,
  }
  if (changes.dataDir !== undefined && !changes.dataDir.startsWith('/'))
    throw new UsageError(
      `--data-dir: '${changes.dataDir}' does not begin with a slash`,
      'Give its whole path on the nodes.',
    )
  const waitMs = timeoutMs(flags)
  if (flags['dry-run'] !== undefined) return printManifests(changes, { flags, io })
  const target = openTarget({ flags, io })
  const { api, client } = target
  await say(io, `Context ${client.context}, ${client.server}`)
  const objects = nixieObjects({ ...changes, image: await nodeImage(target, { flags, io }) })
  const before = objects.filter(({ kind }) => kind === 'Namespace')
  const replaced = await generationOf(api, objects)
  await applyAll(api, before, io)
  const secret = peerSecret(objects, randomBytes(32).toString('hex'))
  // Made before the pods that mount it. An existing one stays, since running nodes have its token.
  if (secret && (await api.create(secret))) await say(io, `${nameOf(secret)} made`)
  await applyAll(
    api,
    objects.filter((object) => !before.includes(object)),
    io,
  )
  await say(io, 'Waiting for the pods:')
  const reasonOf = (_: string, pod: string) => readinessOf(target, pod)
  await waitForRollout({ api, objects, io, timeoutMs: waitMs, reasonOf }).catch(async (cause) => {
    const { code, message, hint } = NixieError.from(cause).shape
    if (replaced === undefined || (await generationOf(api, objects)) === replaced) throw cause
    const { context } = client
    const undo = `kubectl --context ${shellWord(context)} -n ${target.namespace} rollout undo daemonset/nixie`
    throw new NixieError(code, message, `${hint} Back to what ran before: ${undo}`.trim())
  })
  const count = (await listPods(target)).length
  const nodes = `${count} node${count === 1 ? '' : 's'}`
  const again = `${ownCommand(io)} ui${targetWords({ flags, io })}`
  await say(
    io,
    `Nixie captures on ${nodes}, after ${secondsSince(started)}. Open it on ${DEFAULT_SERVER}: ${again}`,
  )
  return 0
}

async function printManifests(changes: Changes, { flags, io }: Given): Promise<number> {
  const image = flags.image === undefined ? undefined : named(flags.image)
  const objects = nixieObjects({ ...changes, image })
  await io.stdout.write(yamlText(objects))
  const secret = peerSecret(objects, '')
  if (secret)
    await io.stderr.write(`Not shown: ${nameOf(secret)}, with a random token that the nodes share\n`)
  if (!image && changes.distribution)
    await io.stderr.write('Not shown: the tag of the image, which is made and loaded without --dry-run\n')
  return 0
}

interface PodList {
  readonly items: readonly { readonly metadata: { readonly name: string } }[]
}

/** Deletes those that exist, the last first. A namespace is deleted only if Nixie made it and nothing else is in it. */
async function removeAll(
  api: ClusterApi,
  objects: readonly KubeObject[],
  io: Io,
  ms: number,
): Promise<number> {
  const removed: KubeObject[] = []
  for (const object of [...objects].reverse()) {
    if (object.kind === 'Namespace') {
      const there = await api.find<KubeObject>(pathOf(object))
      if (there === undefined) continue
      await gone(api, removed, io, ms)
      const { items } = await api.get<PodList>(`/api/v1/namespaces/${object.metadata.name}/pods?limit=1`)
      if (there.metadata.labels?.[MADE_BY] !== 'nixie' || items.length > 0) {
        const why = items.length > 0 ? 'other pods are in it' : "'nixie deploy' did not make it"
        await say(io, `${nameOf(object)} stays: ${why}`)
        continue
      }
    }
    if (!(await api.remove(object))) continue
    removed.push(object)
    await say(io, `${nameOf(object)} deleted`)
  }
  await gone(api, removed, io, ms)
  return removed.length
}

/** `nixie delete` */
export async function deleteNixie({ flags, io }: Given): Promise<number> {
  const namespace = flags.namespace ?? NAMESPACE
  const objects = nixieObjects({ namespace })
  const waitMs = timeoutMs(flags)
  const { api, client } = openTarget({ flags, io })
  await say(io, `Context ${client.context}, ${client.server}`)
  const secret = peerSecret(objects, '')
  const [first, ...rest] = objects
  const all = secret ? [first!, secret, ...rest] : objects
  const { purgeNodes, removePurgePods } = await import('./purge')
  await removePurgePods(api, namespace)
  let kept: unknown
  if (flags.purge !== undefined) {
    // Nixie itself is deleted even if the purge failed: its pods have ended by now.
    await purgeNodes({ api, namespace, io, timeoutMs: waitMs }).catch((cause) => {
      kept = cause
    })
  }
  const removed = await removeAll(api, all, io, waitMs)
  if (kept !== undefined) throw kept
  if (removed === 0 && flags.purge === undefined) await say(io, 'Nothing of Nixie was there.')
  else if (flags.purge === undefined) {
    await say(io, 'What was captured is still on the nodes, in the data directory; --purge deletes it too.')
  }
  return 0
}

/** `nixie demo deploy NAME` */
export async function deployDemo(name: DemoName, { flags, io }: Given): Promise<number> {
  const given = flags.image === undefined ? undefined : named(flags.image)
  const waitMs = timeoutMs(flags)
  if (flags['dry-run'] !== undefined) {
    await io.stdout.write(yamlText(demoObjects(name, given)))
    return 0
  }
  const { api, client } = openTarget({ flags, io })
  await say(io, `Context ${client.context}, ${client.server}`)
  const objects = demoObjects(name, given ?? (await imageOfNixie(api)))
  await applyAll(api, objects, io)
  await say(io, 'Waiting for the pods:')
  await waitForRollout({ api, objects, io, timeoutMs: waitMs })
  const ui = `${ownCommand(io)} ui${targetWords({ flags, io })}`
  await say(io, `${name} runs. See it: ${ui}, then px/http_data with the destination filter ${name}/`)
  return 0
}

/** `nixie demo delete NAME` */
export async function deleteDemo(name: DemoName, { flags, io }: Given): Promise<number> {
  const waitMs = timeoutMs(flags)
  const { api, client } = openTarget({ flags, io })
  await say(io, `Context ${client.context}, ${client.server}`)
  if ((await removeAll(api, demoObjects(name), io, waitMs)) === 0)
    await say(io, `Nothing of ${name} was there.`)
  return 0
}
