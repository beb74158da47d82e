/** Joins the files of the kustomize base into `deploy/nixie.yaml`, which needs nothing but `kubectl apply -f`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const base = join(import.meta.dir, 'kustomize/base')
const NOTE = '# Made of deploy/kustomize/base by `bun deploy/manifests.ts`.\n'

/** The text of `deploy/nixie.yaml` as it should be. The base transforms nothing, so its resources are its result. */
export function manifest(): string {
  const { resources } = Bun.YAML.parse(readFileSync(join(base, 'kustomization.yaml'), 'utf8')) as {
    resources: string[]
  }
  return NOTE + resources.map((name) => readFileSync(join(base, name), 'utf8')).join('---\n')
}

if (import.meta.main) writeFileSync(join(import.meta.dir, 'nixie.yaml'), manifest())
