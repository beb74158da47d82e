/**
 * A writer that is to be killed: goes on counting where the store ends, ten rows an append, with upkeep between, and
 * says on stdout up to where the store has promised to keep. Arguments: directory, appends (0: until killed).
 */
import { openReader } from '../../src/store'
import { events, numbersOf, open, second } from './support'

const [dir = '', appends = '0'] = process.argv.slice(2)
// The log is folded often.
const writer = open(dir, { logBytes: 4000 })
const reader = openReader(dir, [events])
let n = numbersOf(reader).length
reader.close()
for (let i = 0; appends === '0' || i < Number(appends); i++) {
  try {
    writer.append([{ table: events, batch: second(n / 10, n, 10, (k) => `${k} ${Math.sin(k)}`.repeat(40)) }])
    n += 10
    process.stdout.write(`${n}\n`)
    for (let k = 0; k < 3; k++) writer.maintain()
    // Flushes of the log end here.
    await Bun.sleep(0)
  } catch (cause) {
    const { code, hint } = (cause as { shape: { code: string; hint: string } }).shape
    process.stdout.write(`${code}: ${hint}\n`)
  }
}
writer.close()
