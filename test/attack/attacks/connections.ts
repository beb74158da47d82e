/** Many sockets. */
import type { Attack, Field } from '../field'

const CHURN_PER_SECOND = 3000
const HALF_HEADS = 8000

export async function halfHeads(field: Field, most = HALF_HEADS): Promise<void> {
  const port = await field.listen()
  for (let count = 0; count < most && !field.isOver; count += 100) {
    const sockets = await field.openMany(port, 100)
    for (const socket of sockets) void field.write(socket, 'GET /half HTTP/1.1\r\nHost: ')
  }
  await field.rest()
}

async function churn(field: Field, first: string): Promise<void> {
  const port = await field.listen((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nbye'))
  const from = performance.now()
  for (let count = 0; !field.isOver; count += 50) {
    const sockets = await field.openMany(port, 50)
    for (const socket of sockets) {
      if (first === '') socket.destroy()
      else void field.write(socket, first)
    }
    await Bun.sleep(Math.max(0, from + (count * 1000) / CHURN_PER_SECOND - performance.now()))
  }
}

export const CONNECTIONS: readonly Attack[] = [
  {
    name: 'half-heads',
    what: `${HALF_HEADS} connections that wait, each with half a head`,
    run: (field) => halfHeads(field),
  },
  {
    name: 'churn',
    what: 'connections that open and close, with an exchange',
    run: (field) => churn(field, 'GET /c HTTP/1.1\r\n\r\n'),
  },
  {
    name: 'churn-empty',
    what: 'connections that open and close without a byte',
    run: (field) => churn(field, ''),
  },
]
