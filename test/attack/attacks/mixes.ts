/** Several at once: what each may take comes together. */
import type { Attack, Field } from '../field'
import { halfHeads } from './connections'
import { questions } from './datagrams'

const PUBLISHED = 1_500_000
/** PUBs of one write. */
const AT_ONCE = 500
const CONNECTIONS = 25_000
const QUESTIONS_PER_SECOND = 50_000
/** In which all is said, where the machine is quick enough. */
const SECONDS = 7

/** Ever new subjects, on connections that began as those of NATS do. */
async function publish(field: Field): Promise<void> {
  const port = await field.listen((socket, bytes) => {
    if (bytes.includes('CONNECT ')) void field.write(socket, '+OK\r\n')
  })
  const sockets = await field.openMany(port, 8)
  await field.flood(sockets, () => 'CONNECT {"verbose":false}\r\n', 1000, 1)
  const rounds = PUBLISHED / AT_ONCE / sockets.length
  const pub = (n: number) => `PUB subject.${n}.${'s'.repeat(40)} 8\r\n${String(n % 1e8).padStart(8, '0')}\r\n`
  await field.flood(
    sockets,
    (round, at) => {
      field.count('messages', AT_ONCE)
      const from = (round * sockets.length + at) * AT_ONCE
      return Array.from({ length: AT_ONCE }, (_, i) => pub(from + i)).join('')
    },
    PUBLISHED / AT_ONCE / sockets.length / SECONDS,
    rounds,
  )
  await field.rest()
}

export const MIXES: readonly Attack[] = [
  {
    name: 'mix',
    what: 'DNS questions, connections with half a head (25,000) and messages of NATS (1,500,000), together',
    run: async (field) => {
      await Promise.all([
        questions(field, QUESTIONS_PER_SECOND),
        halfHeads(field, CONNECTIONS),
        publish(field),
      ])
    },
  },
]
