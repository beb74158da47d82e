/** Who has an address, or had it at a time. */
import type { Pod } from '../../metadata/kubernetes'
import { StringTable } from '../../records/batch'
import { ints, type Operand, texts } from '../operand'
import { type FunctionContext, type FunctionSpec, scalar, vector } from './function'
import { none } from './units'

/** A pod's time with its address, relative to the base of a column of times. */
interface Tenancy {
  readonly code: number
  readonly from: number
  readonly to: number
}

const tenancyOf = ({ startNs, stopNs }: Pod, code: number, base: bigint): Tenancy => ({
  code,
  from: Number(startNs - base),
  to: stopNs === 0n ? Number.POSITIVE_INFINITY : Number(stopNs - base),
})

/** Addresses come from a dictionary, so each is looked up once; rows compare times only for those that a pod ever had. */
function podAtTime(args: readonly Operand[], rows: number, { metadata }: FunctionContext): Operand {
  const [addresses, times] = [texts(args[0]!), ints(args[1]!)]
  const ids = ['']
  const idCodes = new Map<string, number>()
  const tenancies = new Array<readonly Tenancy[] | undefined>(addresses.dict.length)
  const lookUp = (address: string): readonly Tenancy[] =>
    metadata.kubernetes.podsAt(address).map((pod) => {
      const code = idCodes.get(pod.id) ?? ids.push(pod.id) - 1
      idCodes.set(pod.id, code)
      return tenancyOf(pod, code, times.base)
    })
  const codes = new Uint32Array(rows)
  for (let i = 0; i < rows; i++) {
    const address = addresses.values[i & addresses.mask]!
    const candidates = tenancies[address] ?? lookUp(addresses.dict.get(address))
    tenancies[address] = candidates
    if (candidates.length === 0) continue
    const time = times.values[i & times.mask]!
    for (const { code, from, to } of candidates) {
      if (time < from || time >= to) continue
      codes[i] = code
      break
    }
  }
  return { type: 'STRING', codes, dict: StringTable.of(ids) }
}

export const ADDRESS_OWNERS: readonly FunctionSpec[] = [
  {
    name: 'ip_to_pod_id',
    description: 'The uid of the pod that has an address, or had it at a time.',
    unit: none,
    overloads: [
      scalar(
        'pod_ip:STRING -> STRING',
        ({ metadata }, ip: string) => metadata.kubernetes.podAt(ip)?.id ?? '',
      ),
      vector('pod_ip:STRING time:TIME64NS -> STRING', podAtTime),
    ],
  },
  {
    name: 'ip_to_service_id',
    description: 'The uid of the service that has an address.',
    unit: none,
    overloads: [
      scalar(
        'ip:STRING -> STRING',
        ({ metadata }, ip: string) => metadata.kubernetes.serviceAt(ip)?.id ?? '',
      ),
    ],
  },
]
