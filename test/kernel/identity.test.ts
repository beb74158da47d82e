/** Who a process is, whatever it does: short lives, later execs, renames, forks, cgroups of both versions. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { PROCESS_EXEC, PROCESS_FORK } from '../../src/events/identity'
import { openKernel } from '../../src/kernel'
import { startTicksOfPid } from '../../src/metadata/proc'
import { IdentityProbe } from '../../src/sources/identities/probe'
import { until } from '../support/scope'
import { hierarchy, makeCgroup } from './cgroups'
import { Identified } from './identified'
import { Program } from './traced'

const SERVER = `
import http.server
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header('Content-Length', '2'); self.end_headers(); self.wfile.write(b'ok')
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Answer)
print(server.server_port, flush=True)
server.serve_forever()
`

let server: Program
let port = 0
let seen: Identified

beforeAll(async () => {
  server = new Program(SERVER)
  port = Number(await server.ready())
  seen = new Identified()
})

afterAll(() => {
  seen.close()
  server.kill()
})

/** Runs it to its end and takes what waits now and then, as other processes of the machine fill the rings, too. */
async function shell(text: string): Promise<void> {
  const started = Bun.spawn(['sh', '-c', text], { stdout: 'ignore', stderr: 'pipe' })
  while (started.exitCode === null) {
    seen.drain()
    await Bun.sleep(50)
  }
  if (started.exitCode !== 0) throw new Error(`${text}: ${await new Response(started.stderr).text()}`)
}

const CLIENTS = 100
const id = (seed: string) => new Bun.CryptoHasher('sha256').update(seed).digest('hex')

const CONTAINERS = [
  {
    hierarchyName: 'cgroup2',
    parent: 'system.slice',
    prefix: 'docker-',
    suffix: '.scope',
    runtime: 'docker',
  },
  { hierarchyName: 'memory', parent: 'docker', prefix: '', suffix: '', runtime: 'docker' },
  {
    hierarchyName: 'cgroup2',
    parent: 'kubepods-besteffort-pod01234567_89ab_cdef_0123_456789abcdef.slice',
    prefix: 'cri-containerd-',
    suffix: '.scope',
    runtime: 'containerd',
  },
]

for (const { hierarchyName, parent, prefix, suffix, runtime } of CONTAINERS) {
  const root = hierarchy(hierarchyName)
  test.skipIf(root === undefined)(
    `${CLIENTS} short clients in a container of ${runtime} (${hierarchyName}) are all named after they are gone`,
    async () => {
      const containerId = id(`${parent}${process.pid}`)
      // A parent of the test's own: others may use such names, too.
      const cgroup = makeCgroup(root!, [
        `nixie-test-${process.pid}`,
        parent,
        `${prefix}${containerId}${suffix}`,
      ])
      try {
        const text = `${cgroup.enter}; i=0; while [ $i -lt ${CLIENTS} ]; do
          curl -sS -o /dev/null -H 'Authorization: Bearer abcdef123' http://127.0.0.1:${port}/$i; i=$((i+1)); done`
        await shell(text)
        const clients = await seen.until('all clients', (all) => {
          const found = all.filter((info) => info.containerId === containerId && info.comm === 'curl')
          return found.length >= CLIENTS && found
        })
        expect(clients).toHaveLength(CLIENTS)
        expect(new Set(clients.map(({ cmdline }) => cmdline)).size).toBe(CLIENTS)
        for (const info of clients) {
          expect(info.cmdline).toStartWith(
            'curl -sS -o /dev/null -H Authorization: [redacted] http://127.0.0.1:',
          )
          expect(info).toMatchObject({ runtime, name: 'curl', exe: expect.stringMatching(/\/curl$/) })
          expect(info.podUid).toBe(runtime === 'docker' ? '' : '01234567-89ab-cdef-0123-456789abcdef')
        }
      } finally {
        await cgroup.remove()
      }
    },
  )
}

const V1 = ['memory', 'pids', 'cpu', 'freezer', 'name=systemd']
const mounted = V1.filter((name) => hierarchy(name))
test.skipIf(mounted.length === 0)(
  `a container is known by whichever hierarchy of cgroup v1 has it, beside others that do not (${mounted.join(', ') || 'needs a mounted hierarchy of cgroup v1'})`,
  async () => {
    for (const name of mounted) {
      const containerId = id(`${name}${process.pid}`)
      const own = `nixie-test-${process.pid}`
      const container = makeCgroup(hierarchy(name)!, [own, 'docker', containerId])
      // As a service manager's own, which has the runtime in it.
      const others = mounted
        .filter((other) => other !== name)
        .map((other) => makeCgroup(hierarchy(other)!, [own, 'docker']))
      try {
        await shell(
          `${[container, ...others].map(({ enter }) => enter).join('; ')}; curl -sS -o /dev/null http://127.0.0.1:${port}/`,
        )
        const info = await seen.until(`a client in ${name}`, (all) =>
          all.find(({ containerId: found, comm }) => found === containerId && comm === 'curl'),
        )
        expect(info).toMatchObject({ runtime: 'docker', name: 'curl' })
      } finally {
        for (const cgroup of [container, ...others]) await cgroup.remove()
      }
    }
  },
)

const SPEAK = `c, d = pair(); c.sendall(b'x'); d.recv(1)`

test('a process that execs long after its first call is what it runs then, under the same upid', async () => {
  const program = new Program(`
${SPEAK}
step()
os.set_inheritable(0, True); os.set_inheritable(1, True)
os.execvp('python3', ['python3', '-c', 'import sys; print("ready", flush=True); sys.stdin.readline()', '--la' + 'ter'])
`)
  try {
    await program.ready()
    const before = await seen.find(program.pid)
    expect(before.cmdline).not.toContain('--later')
    // Two seconds go by, so that all that is done once after the first call has been done.
    seen.known(2500)
    program.go()
    await program.ready()
    const after = await seen.find(program.pid, ({ cmdline }) => cmdline.includes('--later'))
    expect(after.upid).toBe(before.upid)
    program.go()
    await program.end()
  } finally {
    program.kill()
  }
})

test('a process that renames itself later has its new name', async () => {
  const program = new Program(`
${SPEAK}
step()
ctypes.CDLL(None).prctl(15, b'renamed', 0, 0, 0)
step()
`)
  try {
    await program.ready()
    expect((await seen.find(program.pid)).comm).toStartWith('python3')
    seen.known(2500)
    program.go()
    await program.ready()
    const renamed = await seen.find(program.pid, ({ comm }) => comm === 'renamed')
    expect(renamed.name).toBe('python3 -c')
    program.go()
    await program.end()
  } finally {
    program.kill()
  }
})

const SLEEP = `
import socket, sys
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()
c = socket.create_connection(s.getsockname()); d, _ = s.accept(); c.sendall(b'x'); d.recv(1)
print('ready', flush=True); sys.stdin.read()
`

const FORKS = 50
const BOMB = 2000

test('children of a server that forks for each request have its command line after they are gone', async () => {
  const program = new Program(`
step()
for i in range(${FORKS}):
    s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()
    c = socket.create_connection(s.getsockname()); d, _ = s.accept()
    if os.fork() == 0:
        d.recv(100); d.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n'); os._exit(0)
    c.sendall(b'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'); c.recv(100); os.wait()
    for one in (s, c, d): one.close()
step()
`)
  try {
    await program.ready()
    seen.drain()
    program.go()
    await program.ready()
    const parent = await seen.find(program.pid)
    const children = await seen.until('all children', (all) => {
      const found = all.filter((info) => info.parent === parent.upid)
      return found.length >= FORKS && found
    })
    expect(children).toHaveLength(FORKS)
    for (const info of children) {
      expect(info.cmdline).toBe(parent.cmdline)
      expect(info.cmdline).toContain('import array, ctypes')
      expect(info.name).toBe('python3 -c')
    }
    program.go()
    await program.end()
  } finally {
    program.kill()
  }
})

test('arguments longer than the bound are cut, and no secret is in what is left', async () => {
  const program = Bun.spawn(['python3', '-c', `${SLEEP} # ${'y'.repeat(3000)}`, '--password', 'hunter2'], {
    stdin: 'pipe',
    stdout: 'pipe',
  })
  try {
    await program.stdout.getReader().read()
    const info = await seen.find(program.pid)
    expect(info.cmdline.length).toBeLessThanOrEqual(1024)
    expect(info.cmdline).not.toContain('hunter2')
  } finally {
    program.kill()
  }
})

test('a fork bomb costs no more than is allowed, and what it costs is counted', async () => {
  const kernel = openKernel({ enabled: true })
  // So few that it is too much also where the machine is slow.
  const perCpu = 20
  const probe = new IdentityProbe(kernel, perCpu)
  const cpus = navigator.hardwareConcurrency
  try {
    const startedMs = Date.now()
    const { exitCode, pid } = Bun.spawnSync(['perl', '-e', `for (1..${BOMB}) { exit 0 unless fork; wait }`])
    expect(exitCode).toBe(0)
    const seconds = Math.ceil((Date.now() - startedMs) / 1000) + 1
    let events = 0
    let forks = 0
    const take = () =>
      probe.drain((event) => {
        events++
        if (event.kind === PROCESS_FORK && event.parentPid === pid) forks++
      }, 100_000)
    take()
    expect(events).toBeLessThanOrEqual(perCpu * cpus * seconds)
    await until('a fork and an end of each were told or counted', () => {
      take()
      return events + probe.lost() >= 2 * BOMB
    })
    expect(forks).toBeLessThan(BOMB)
  } finally {
    kernel.close()
  }
})

test('a ring that nobody drains takes what it can, and the rest is counted', async () => {
  const kernel = openKernel({ enabled: true })
  const probe = new IdentityProbe(kernel, 1_000_000)
  try {
    const execs = 1200
    Bun.spawnSync([
      'sh',
      '-c',
      `i=0; while [ $i -lt ${execs} ]; do /bin/true ${'x'.repeat(900)}; i=$((i+1)); done`,
    ])
    let told = 0
    let bytes = 0
    await until('each was told or counted', () => {
      probe.drain((event) => {
        if (event.kind !== PROCESS_EXEC || event.comm !== 'true') return
        told++
        bytes += event.parts()!.byteLength
      }, 100_000)
      return probe.lost() >= execs - told
    })
    expect(told).toBeGreaterThan(300)
    expect(told).toBeLessThan(execs)
    expect(bytes).toBeLessThan(512 << 10)
  } finally {
    kernel.close()
  }
})

test('who listens where, by the process that holds the socket', async () => {
  const kernel = openKernel({ enabled: true })
  const probe = new IdentityProbe(kernel)
  try {
    const found = probe.listening().filter((one) => one.port === port)
    expect(found).toEqual([{ pid: server.pid, port, startTicks: startTicksOfPid(server.pid) }])
  } finally {
    kernel.close()
  }
})
