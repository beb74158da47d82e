/** What is deployed: the manifests of `deploy/`, changed as the command line says. */
import kuard from '../../../deploy/demo/kuard.yaml' with { type: 'text' }
import shop from '../../../deploy/demo/shop.yaml' with { type: 'text' }
import k3sPatch from '../../../deploy/kustomize/k3s/daemonset.yaml' with { type: 'text' }
import minikubePatch from '../../../deploy/kustomize/minikube/daemonset.yaml' with { type: 'text' }
import privilegedPatch from '../../../deploy/kustomize/privileged/daemonset.yaml' with { type: 'text' }
import nixie from '../../../deploy/nixie.yaml' with { type: 'text' }
import { type Fields, isObject } from '../../json'
import { isNamespaced, type KubeObject } from './api'
import type { Distribution } from './distribution'

export interface NodeImage {
  readonly name: string
  /** `Never`: it was loaded into the nodes, and no registry has it. */
  readonly pull: 'Never' | 'IfNotPresent'
}

export interface Changes {
  readonly namespace: string
  readonly image?: NodeImage | undefined
  /** Data directory on each node. */
  readonly dataDir?: string | undefined
  readonly distribution?: Pick<Distribution, 'kind' | 'cluster'> | undefined
  readonly privileged?: boolean
}

const documents = (text: string): KubeObject[] => {
  const parsed = Bun.YAML.parse(text) as KubeObject | (KubeObject | null)[]
  return (Array.isArray(parsed) ? parsed : [parsed]).filter((document) => document !== null)
}

const hasNames = (list: readonly unknown[]): list is readonly Fields[] =>
  list.every((entry) => isObject(entry) && typeof entry.name === 'string')

/** A patch as kustomize reads it: fields over fields, lists of named things by name, null takes a field out. */
export function merge(base: unknown, patch: unknown): unknown {
  if (Array.isArray(base) && Array.isArray(patch) && hasNames(base) && hasNames(patch)) {
    const merged = base.map((entry) => {
      const over = patch.find(({ name }) => name === entry.name)
      return over === undefined ? entry : merge(entry, over)
    })
    return [...merged, ...patch.filter(({ name }) => !base.some((entry) => entry.name === name))]
  }
  if (!isObject(patch)) return patch
  const merged: Record<string, unknown> = isObject(base) ? { ...base } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else merged[key] = merge(merged[key], value)
  }
  return merged
}

/** Our patches neither remove nor replace the fields that every object has. */
const withFields = (object: KubeObject, patch: object): KubeObject => merge(object, patch) as KubeObject

const patched = (object: KubeObject, text: string): KubeObject =>
  withFields(object, Bun.YAML.parse(text) as Fields)

interface PodTemplate {
  readonly containers: readonly { readonly image?: string; readonly [field: string]: unknown }[]
  readonly volumes?: readonly { readonly secret?: { readonly secretName: string } }[]
}

const templateOf = (object: KubeObject): PodTemplate | undefined =>
  (object.spec as { template?: { spec: PodTemplate } } | undefined)?.template?.spec

/** Every container with this image. */
function withImage(object: KubeObject, { name, pull }: NodeImage): KubeObject {
  const template = templateOf(object)
  if (!template) return object
  const containers = template.containers.map((container) => ({
    ...container,
    image: name,
    imagePullPolicy: pull,
  }))
  const spec = { template: { spec: { containers } } }
  return withFields(object, { spec })
}

function inNamespace(object: KubeObject, namespace: string): KubeObject {
  const { metadata, subjects } = object as KubeObject & { subjects?: readonly object[] }
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(object.kind === 'Namespace' ? { name: namespace } : {}),
      ...(isNamespaced(object) ? { namespace } : {}),
    },
    ...(subjects ? { subjects: subjects.map((subject) => ({ ...subject, namespace })) } : {}),
  }
}

function withDataDir(object: KubeObject, path: string): KubeObject {
  const volumes = [{ name: 'data', hostPath: { path } }]
  return withFields(object, { spec: { template: { spec: { volumes } } } })
}

/** What each distribution needs beside the base. */
const PATCHES: Readonly<Partial<Record<Distribution['kind'], string>>> = {
  minikube: minikubePatch,
  k3s: k3sPatch,
}

/** Views show the name that the user gave the cluster. */
function forDistribution(
  object: KubeObject,
  { kind, cluster }: Pick<Distribution, 'kind' | 'cluster'>,
): KubeObject {
  const text = PATCHES[kind]
  const changed = text === undefined ? object : patched(object, text)
  const env = [{ name: 'NIXIE_CLUSTER_NAME', value: cluster }]
  const spec = { template: { spec: { containers: [{ name: 'nixie', env }] } } }
  return withFields(changed, { spec })
}

/** Nixie itself, in the order in which it is applied. */
export function nixieObjects({ namespace, image, dataDir, distribution, privileged }: Changes): KubeObject[] {
  return documents(nixie).map((document) => {
    let object = document
    if (object.kind === 'DaemonSet') {
      if (distribution) object = forDistribution(object, distribution)
      if (privileged) object = patched(object, privilegedPatch)
      if (image !== undefined) object = withImage(object, image)
      if (dataDir !== undefined) object = withDataDir(object, dataDir)
    }
    return inNamespace(object, namespace)
  })
}

export const DEMOS = { kuard, shop } as const
export type DemoName = keyof typeof DEMOS

/** A sample, in the namespace of its name. */
export function demoObjects(name: DemoName, image?: NodeImage): KubeObject[] {
  const objects = documents(DEMOS[name])
  return image === undefined ? objects : objects.map((object) => withImage(object, image))
}

export const imagesOf = (objects: readonly KubeObject[]): readonly string[] => [
  ...new Set(
    objects.flatMap((object) => templateOf(object)?.containers.map(({ image }) => image ?? '') ?? []),
  ),
]

/** The Secret with the nodes' shared token, which the pods mount. It is made once and is not in the manifests. */
export function peerSecret(objects: readonly KubeObject[], token: string): KubeObject | undefined {
  for (const object of objects) {
    const volume = templateOf(object)?.volumes?.find(({ secret }) => secret !== undefined)
    if (!volume) continue
    const { namespace, labels } = object.metadata
    return {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: volume.secret!.secretName, namespace: namespace!, labels: labels ?? {} },
      type: 'Opaque',
      stringData: { token },
    }
  }
  return undefined
}

export const yamlText = (objects: readonly KubeObject[]): string =>
  objects.map((object) => `${Bun.YAML.stringify(object, null, 2)}\n`).join('---\n')
