/** What a container is called outside of Kubernetes: by the files that docker and podman keep of theirs. */
import { readFileSync, statSync } from 'node:fs'

/** Podman keeps all its containers in one file. */
const MAX_BYTES = 4 << 20
const MAX_NAME = 128

function readJson(path: string): unknown {
  try {
    return statSync(path).size <= MAX_BYTES ? JSON.parse(readFileSync(path, 'utf8')) : undefined
  } catch {
    return undefined // Not there, not ours to read, or half written.
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, MAX_NAME) : '')

/** `id`: 64 hex digits. '' when nobody here knows it. `root` stands before the paths of the runtimes. */
export function containerNameOf(id: string, runtime: string, root = ''): string {
  if (runtime === 'docker') {
    const config = readJson(`${root}/var/lib/docker/containers/${id}/config.v2.json`)
    return text((config as { Name?: unknown } | undefined)?.Name).replace(/^\//, '')
  }
  if (runtime === 'podman') {
    const all = readJson(`${root}/var/lib/containers/storage/overlay-containers/containers.json`)
    const found = Array.isArray(all) ? all.find((one) => one?.id === id) : undefined
    return text(found?.names?.[0])
  }
  return ''
}

const MAX_CONTAINERS = 1024

/** Remembers names: many short processes run in one container. An unknown one is looked up again. */
export class ContainerNames {
  readonly #names = new Map<string, string>()

  of(id: string, runtime: string): string {
    if (id === '') return ''
    const known = this.#names.get(id)
    if (known !== undefined) return known
    const name = containerNameOf(id, runtime)
    if (name === '') return ''
    if (this.#names.size >= MAX_CONTAINERS) this.#names.clear()
    this.#names.set(id, name)
    return name
  }
}
