/** A node in a process namespace of its own: a Nixie in it sees its processes only, as one in a node that is a container. */
import { spawn } from 'node:child_process'
import { type Scope, until } from '../../support/scope'
import { childrenOf } from '../stage'

/** The command before those that are to run in it. */
export async function pidNamespace(scope: Scope): Promise<string[]> {
  const holder = spawn('unshare', ['--pid', '--mount-proc', '--fork', '--kill-child', 'sleep', 'infinity'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const exited = new Promise((done) => holder.on('exit', done))
  scope.defer(() => {
    holder.kill('SIGKILL')
    return exited
  })
  // The end of its first process is the end of all in it.
  const first = await until('a process namespace', () => childrenOf(holder.pid!)[0], 5000)
  await until('its /proc', () => commandOf(first) === 'sleep', 5000)
  return ['nsenter', '--target', String(first), '--pid', '--mount', '--']
}

const commandOf = (pid: number) =>
  Bun.spawnSync(['cat', `/proc/${pid}/comm`])
    .stdout.toString()
    .trim()
