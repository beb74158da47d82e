/** What deploy/nixie.yaml grants and mounts: no more than Nixie needs. */
import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { manifest } from '../../deploy/manifests'
import text from '../../deploy/nixie.yaml' with { type: 'text' }

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly rules?: readonly Record<string, readonly string[]>[]
  // biome-ignore lint/suspicious/noExplicitAny: pod specs have no type here
  readonly spec?: any
}

const source = text as unknown as string
const objects = Bun.YAML.parse(source) as Manifest[]
const one = (kind: string) => objects.find((object) => object.kind === kind)!
const root = join(import.meta.dir, '../..')

test('deploy/nixie.yaml is what the kustomize base makes', () => {
  expect(source, 'stale: run bun deploy/manifests.ts').toBe(manifest())
})

test('the version is that of package.json', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  expect(source).toContain(`image: localhost/nixie:${version}\n`)
  for (const name of ['kuard', 'shop']) {
    const sample = readFileSync(join(root, `deploy/demo/${name}.yaml`), 'utf8')
    expect(new Set(sample.match(/image: .*/g))).toEqual(new Set([`image: localhost/nixie:${version}`]))
  }
  const chart = Bun.YAML.parse(readFileSync(join(root, 'deploy/chart/Chart.yaml'), 'utf8'))
  expect(chart).toMatchObject({ version, appVersion: version })
})

describe('deploy/nixie.yaml', () => {
  const { template } = one('DaemonSet').spec
  const [container] = template.spec.containers

  test('reads objects, and nothing that holds secrets', () => {
    const { rules } = one('ClusterRole')
    for (const { verbs } of rules!) expect(verbs).toEqual(['list', 'watch'])
    const resources = rules!.flatMap((rule) => rule.resources)
    expect(resources).not.toContain('*')
    expect(resources).not.toContain('secrets')
    expect(resources).not.toContain('configmaps')
    expect(objects.filter(({ kind }) => kind === 'Role')).toEqual([])
  })

  test('has four capabilities and writes to its data and /tmp only', () => {
    expect(container.securityContext).toMatchObject({
      privileged: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: ['BPF', 'PERFMON', 'NET_ADMIN', 'SYS_PTRACE', 'DAC_READ_SEARCH'] },
    })
    expect(template.spec.hostNetwork).toBeUndefined()
    const writable = container.volumeMounts.filter((mount: { readOnly?: boolean }) => !mount.readOnly)
    expect(writable.map((mount: { mountPath: string }) => mount.mountPath)).toEqual([
      '/var/lib/nixie',
      '/tmp',
    ])
  })

  test('is confined as far as it can be, and crowds nobody out', () => {
    expect(container.securityContext.seccompProfile).toEqual({ type: 'RuntimeDefault' })
    const { metadata, preemptionPolicy } = one('PriorityClass') as Manifest & { preemptionPolicy: string }
    expect(template.spec.priorityClassName).toBe(metadata.name)
    expect(preemptionPolicy).toBe('Never')
  })

  test('lets only its own pods reach it', () => {
    const { podSelector, policyTypes, ingress } = one('NetworkPolicy').spec
    const { matchLabels } = one('DaemonSet').spec.selector
    expect([podSelector, policyTypes]).toEqual([{ matchLabels }, ['Ingress']])
    const port = container.ports.find(({ name }: { name: string }) => name === 'peer').containerPort
    expect(ingress).toEqual([
      { from: [{ podSelector: { matchLabels } }], ports: [{ port, protocol: 'TCP' }] },
    ])
  })

  test('selects its own pods, and its probes ask a port that it has', () => {
    const { labels } = template.metadata
    expect(one('DaemonSet').spec.selector.matchLabels).toEqual(labels)
    expect(one('Service').spec.selector).toEqual(labels)
    const ports = container.ports.map((port: { name: string }) => port.name)
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      expect(ports).toContain(container[probe].httpGet.port)
    }
  })
})
