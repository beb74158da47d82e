/** Processes that are hard to name: short ones, with command lines of a megabyte, each in a group that looks like a container's. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Attack, Field } from '../field'

const AT_ONCE = 4
const MAX_PROCESSES = 2000
const GROUPS = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup/pids', '/sys/fs/cgroup']
/** As much as one argument may have, less a little (MAX_ARG_STRLEN). */
const ARGUMENT = 'x'.repeat(100_000)

/** Says a request with the shell's own sockets. */
const script = (group: string, port: number, n: number) =>
  `echo $$ >${group}/cgroup.procs; exec 3<>/dev/tcp/127.0.0.1/${port}; printf 'GET /p${n} HTTP/1.1\\r\\n\\r\\n' >&3; read -r _ <&3`

function run(command: string, args: readonly string[]): Promise<void> {
  return new Promise((done) => {
    const child = spawn('bash', ['-c', command, ...args], { stdio: 'ignore' })
    child.on('error', () => done())
    child.on('exit', () => done())
  })
}

async function processes(field: Field, args: readonly string[]): Promise<void> {
  const port = await field.listen((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
  const root = GROUPS.find((dir) => existsSync(join(dir, 'cgroup.procs')))!
  const id = (i: number) => process.pid.toString(16).padStart(8, '0') + i.toString(16).padStart(56, '0')
  const groups = Array.from({ length: 20 }, (_, i) => join(root, `cri-containerd-${id(i)}.scope`))
  for (const group of groups) mkdirSync(group)
  let n = 0
  const worker = async () => {
    while (!field.isOver && n < MAX_PROCESSES) {
      n++
      await run(script(groups[n % groups.length]!, port, n), args)
      field.count('processes')
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  for (const group of groups) rmdirSync(group)
}

export const PROCESSES: readonly Attack[] = [
  {
    name: 'processes',
    what: 'short-lived processes in groups like containers',
    run: (field) => processes(field, []),
  },
  {
    name: 'command-lines',
    what: 'short-lived processes with a megabyte of arguments',
    run: (field) => processes(field, Array<string>(10).fill(ARGUMENT)),
  },
]
