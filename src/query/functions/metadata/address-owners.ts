/** Finds the owner of an address, now or at a given time. */
import { StringTable } from '../../../records/batch'
import { ints, type Operand, texts } from '../../operand'
import { type FunctionContext, type FunctionSpec, scalar, vector } from '../base/function'
import { none } from '../base/units'

/** Start of ownership, relative to the base of a column of times. */
interface Since {
  readonly code: number
  readonly from: number
}

/** Addresses come from a dictionary, so each is looked up once; rows compare times only for those that a pod ever had. */
function podAtTime(args: readonly Operand[], rows: number, { metadata }: FunctionContext): Operand {
  const [addresses, times] = [texts(args[0]!), ints(args[1]!)]
  const ids = ['']
  const idCodes = new Map<string, number>()
  const owners = new Array<readonly Since[] | undefined>(addresses.dict.length)
  const lookUp = (address: string): readonly Since[] =>
    metadata.kubernetes.tenanciesOf(address).map(({ pod, fromNs }) => {
      const code = idCodes.get(pod.id) ?? ids.push(pod.id) - 1
      idCodes.set(pod.id, code)
      return { code, from: Number(fromNs - times.base) }
    })
  const codes = new Uint32Array(rows)
  for (let i = 0; i < rows; i++) {
    const address = addresses.values[i & addresses.mask]!
    const candidates = owners[address] ?? lookUp(addresses.dict.get(address))
    owners[address] = candidates
    if (candidates.length === 0) continue
    const time = times.values[i & times.mask]!
    codes[i] = candidates.find(({ from }) => from <= time)?.code ?? 0
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
