/** Run in a pid namespace of its own: whom the probes see from there, as JSON. */
import { EVENT_DATA } from '../../src/events/socket-event'
import { drainAll, open, Program } from './traced'

const kernel = open()
const program = new Program(`
c, d = pair()
step()
c.sendall(b'from inside'); d.recv(99)
step()
`)
try {
  await program.ready()
  drainAll(kernel)
  // Whoever started this talks from outside now.
  console.log('ready')
  for await (const _ of Bun.stdin.stream()) break
  program.go()
  await program.ready()
  const data = drainAll(kernel).filter((event) => event.kind === EVENT_DATA)
  const threads = kernel.threads()!
  const processes = new Set<number>()
  while (threads.next()) processes.add(threads.pid)
  console.log(
    JSON.stringify({
      self: process.pid,
      program: program.pid,
      pids: [...new Set(data.map((event) => event.pid))],
      payloads: [...new Set(data.map((event) => event.payload.toString()))],
      processes: [...processes],
    }),
  )
  program.go()
  await program.end()
} finally {
  program.kill()
  kernel.close()
}
