/**
 * One attack, in a process of its own, bounded in time and traffic; it talks to itself over loopback. Its last line says
 * what it did.
 *
 *     bun attacker.ts NAME MILLISECONDS
 */
import { ATTACKS } from './attacks'
import { Field } from './field'

const [name, ms] = process.argv.slice(2)
const attack = ATTACKS.find((each) => each.name === name)
if (!attack) throw new Error(`no attack '${name}'; there are ${ATTACKS.map((each) => each.name).join(', ')}`)

const field = new Field(Number(ms))
await attack.run(field)
field.close()
console.log(field.did)
process.exit(0)
