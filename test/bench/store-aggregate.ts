/**
 * The aggregate of the store's bench in a process of its own, as queries run apart from capture: count, mean latency
 * and errors by (upid, path). Arguments: directory, repeats. Prints `{ms, groups}` of the fastest.
 */
import type { IntVector, StringTable, StringVector } from '../../src/records/batch'
import { openReader } from '../../src/store'
import type { Source } from '../../src/store/store'
import { httpEvents } from './http-events'

/** Numbers for texts, over all batches. */
class Ids {
  readonly #idOf = new Map<string, number>()

  ofDict(dict: StringTable): Uint32Array {
    const ids = new Uint32Array(dict.length)
    for (let code = 0; code < ids.length; code++) {
      const text = dict.get(code)
      let id = this.#idOf.get(text)
      if (id === undefined) {
        id = this.#idOf.size
        this.#idOf.set(text, id)
      }
      ids[code] = id
    }
    return ids
  }
}

/** A group's count, sum of latencies and errors stand side by side. */
const FIELDS = 4

/** count, mean latency and errors by (upid, path), straight over the batches of a scan; returns the sums of each. */
function groupByPath(source: Source) {
  const upids = new Ids()
  const paths = new Ids()
  const groupOf = new Map<number, number>()
  let sums = new Float64Array(FIELDS << 12)
  for (const batch of source.scan('http_events', {
    columns: ['upid', 'req_path', 'latency', 'resp_status'],
  })) {
    const [upid, path, latency, status] = batch.columns as [StringVector, StringVector, IntVector, IntVector]
    const upidIds = upids.ofDict(upid.dict)
    const pathIds = paths.ofDict(path.dict)
    const width = path.dict.length
    const atOf = new Int32Array(upid.dict.length * width).fill(-1)
    const upidCodes = upid.codes
    const pathCodes = path.codes
    const latencies = latency.values
    const statuses = status.values
    for (let i = 0; i < batch.rows; i++) {
      const key = upidCodes[i]! * width + pathCodes[i]!
      let at = atOf[key]!
      if (at < 0) {
        const group = upidIds[upidCodes[i]!]! * 2 ** 24 + pathIds[pathCodes[i]!]!
        at = groupOf.get(group) ?? groupOf.size * FIELDS
        groupOf.set(group, at)
        atOf[key] = at
        if (at + FIELDS > sums.length) {
          const wider = new Float64Array(sums.length * 2)
          wider.set(sums)
          sums = wider
        }
      }
      sums[at]! += 1
      sums[at + 1]! += latencies[i]!
      if (statuses[i]! >= 400) sums[at + 2]! += 1
    }
  }
  let rows = 0
  let means = 0
  let errors = 0
  for (const at of groupOf.values()) {
    rows += sums[at]!
    means += sums[at + 1]! / sums[at]!
    errors += sums[at + 2]!
  }
  return { groups: groupOf.size, rows, means, errors }
}

const [dir = '', repeats = '1'] = process.argv.slice(2)
const source = openReader(dir, [httpEvents])
let ms = Number.POSITIVE_INFINITY
let groups = 0
for (let i = 0; i < Number(repeats); i++) {
  const from = performance.now()
  groups = groupByPath(source).groups
  ms = Math.min(ms, performance.now() - from)
}
source.close()
console.log(JSON.stringify({ ms, groups }))
