// Asks through Node's resolver (c-ares), twenty questions at once: a server's socket has no room for hundreds. Arguments: server, marker, how many names. A line of JSON for each question.
import { Resolver } from 'node:dns/promises'

const [server, marker, count] = process.argv.slice(2)
const resolver = new Resolver({ timeout: 60_000, tries: 1 })
resolver.setServers([server])

async function ask(name, type) {
  let rcode = 'NOERROR'
  const answers = await resolver.resolve(name, type).catch((error) => {
    rcode = error.code === 'ENOTFOUND' ? 'NXDOMAIN' : error.code
    return []
  })
  console.log(JSON.stringify({ name, type, rcode, answers }))
}

for (let i = 0; i < Number(count); i += 10) {
  const names = Array.from({ length: Math.min(10, count - i) }, (_, j) => `${marker}-${i + j}.any.test`)
  await Promise.all(names.flatMap((name) => [ask(name, 'A'), ask(name, 'AAAA')]))
}
await ask(`${marker}.gone.test`, 'A')
