/** Run in a pid namespace of its own: whom the probes see from there, as JSON. */
import { EVENT_DATA } from '../../src/events/socket-event'
import { openKernel } from '../../src/kernel'
import { IdentityProbe } from '../../src/sources/identities/probe'
import { readThreads } from '../../src/sources/processes'
import { PROCESS_OBJECT } from '../../src/sources/processes/probe'
import { drainAll, open, Program } from './traced'

const kernel = open()
const processProbe = openKernel({ enabled: true }).open(PROCESS_OBJECT)
const identities = new IdentityProbe(openKernel({ enabled: true }))
const program = new Program(`
c, d = pair()
step()
c.sendall(b'from inside'); d.recv(99)
step()
`)
try {
  await program.ready()
  drainAll(kernel)
  // From here on the parent process talks from outside.
  console.log('ready')
  for await (const _ of Bun.stdin.stream()) break
  program.go()
  await program.ready()
  const data = drainAll(kernel).filter((event) => event.kind === EVENT_DATA)
  const threads = readThreads(processProbe.object!)
  const processes = new Set<number>()
  while (threads.next()) processes.add(threads.pid)
  const named = new Map<number, string>()
  const parents = new Set<number>()
  identities.drain((event) => {
    parents.add(event.parentPid)
    const args = event.parts()?.args
    if (args) named.set(event.pid, args)
  }, 100_000)
  console.log(
    JSON.stringify({
      named: Object.fromEntries(named),
      parents: [...parents],
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
  processProbe.object?.close()
  identities.close()
  kernel.close()
}
