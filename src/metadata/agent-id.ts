/** The number of this node's agent, with which its upids begin: two nodes have two, and a node keeps its own. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** Rows that were written before nodes had numbers of their own have this one: those in a node's store are its own. */
export const UNNUMBERED = 1

/** What tells one node from another. */
export interface NodeTraits {
  readonly name: string
  /** 32 hex digits (machine-id(5)), or ''. An image that is copied with it has copies with the same. */
  readonly machineId: string
  /** As the firmware or the hypervisor says (SMBIOS, `product_uuid`), or ''. */
  readonly productUuid: string
}

/** A file of one line, in lower case; '' when it can't be read. */
function line(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim().toLowerCase()
  } catch {
    return ''
  }
}

const MACHINE_ID = /^(?!0{32})[0-9a-f]{32}$/
/** All zeros or all ones is what firmware says that has none. */
const UUID = /^(?![0-]+$|[f-]+$)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The id that the system gave itself, or '': an image that has not been started yet, a container without one. */
export function machineId(root = ''): string {
  const ids = ['/etc/machine-id', '/var/lib/dbus/machine-id'].map((path) => line(root + path))
  return ids.find((id) => MACHINE_ID.test(id)) ?? ''
}

/** What docker and podman call a container that nobody named: it changes whenever the container is made anew. */
const CONTAINER_NAME = /^[0-9a-f]{12}$/

/** `nodeName`: what this machine is called; '' is its host name. */
export function readTraits(nodeName: string, root = ''): NodeTraits {
  const name = (nodeName || hostname()).toLowerCase()
  const uuid = line(`${root}/sys/class/dmi/id/product_uuid`)
  const ids = { machineId: machineId(root), productUuid: UUID.test(uuid) ? uuid : '' }
  // Where nothing else tells nodes apart, a name that changes is better than one number for all.
  const isKnown = ids.machineId !== '' || ids.productUuid !== ''
  return { ...ids, name: isKnown && CONTAINER_NAME.test(name) ? '' : name }
}

/**
 * 32 bits unsigned, never 0 or `UNNUMBERED`. A digest, since the machine id is not to be shown to others as it is
 * (machine-id(5)). Of a thousand nodes two have the same number once in 8,600 fleets.
 */
export function agentIdOf({ name, machineId, productUuid }: NodeTraits): number {
  const text = ['nixie agent', name, machineId, productUuid].join('\0')
  const digest = new Bun.CryptoHasher('sha256').update(text).digest()
  const reserved = UNNUMBERED + 1
  return reserved + (digest.readUInt32LE(0) % (2 ** 32 - reserved))
}

const numbers = new Map<string, number>()

/** Of this machine, which stays what it is while the program runs. */
export function agentId(nodeName: string): number {
  const known = numbers.get(nodeName)
  if (known !== undefined) return known
  const number = agentIdOf(readTraits(nodeName))
  numbers.set(nodeName, number)
  return number
}
