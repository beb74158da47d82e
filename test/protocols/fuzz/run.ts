/**
 * Feeds mutated conversations to every parser until one throws, hangs, or keeps memory.
 *
 *     bun run fuzz                          10 million inputs, some from each protocol in turn
 *     bun run fuzz --inputs 50000 redis     of these protocols only
 *     bun run fuzz --seed 7123 redis        that one input, with its messages printed
 */
import { parseArgs } from 'node:util'
import { MEMBERS } from '../members'
import { Fuzzer, inputOf } from './play'

const { values, positionals } = parseArgs({
  options: { inputs: { type: 'string', default: '10000000' }, seed: { type: 'string' } },
  allowPositionals: true,
})
const names = MEMBERS.map(({ protocol }) => protocol.name)
const unknown = positionals.find((name) => !names.includes(name))
if (unknown !== undefined) {
  console.error(`No protocol is named '${unknown}'; there are ${names.join(', ')}.`)
  process.exit(2)
}
const members = MEMBERS.filter(
  ({ protocol }) => positionals.length === 0 || positionals.includes(protocol.name),
)
const fuzzer = new Fuzzer()

if (values.seed !== undefined) {
  for (const member of members) {
    for (const { from, bytes, lost } of inputOf(member, Number(values.seed)).pieces)
      console.log(
        from,
        JSON.stringify(Buffer.from(bytes).toString('latin1')),
        lost ? `lost: ${lost.bytes} from ${lost.at}` : '',
      )
    console.log(fuzzer.play(member, Number(values.seed))?.problem ?? 'no problem')
  }
} else {
  const inputs = Number(values.inputs)
  const first = Math.floor(Math.random() * 2 ** 31)
  const began = performance.now()
  let found = 0
  for (let i = 0; i < inputs; i++) {
    const finding = fuzzer.play(members[i % members.length]!, first + i)
    if (finding) {
      found++
      console.log(
        `${finding.protocol}: ${finding.problem} (bun run fuzz --seed ${finding.seed} ${finding.protocol})`,
      )
    }
    if (i % 500_000 === 499_999)
      console.log(
        `${i + 1} inputs, ${found} with a problem, ${Math.round((performance.now() - began) / 1000)} s`,
      )
  }
  console.log(`${inputs} inputs from seed ${first} on: ${found} with a problem`)
  process.exit(found > 0 ? 1 : 0)
}
