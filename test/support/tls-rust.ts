/** A server and a client of rustls, built as users build theirs. */
import { execFileSync, spawn } from 'node:child_process'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { root } from './nixie'
import type { Scope } from './scope'
import { type Certificate, type Load, started } from './tls'

const source = join(root, 'test/support/servers/rust-tls')

/** What was built stays beside the source, as it takes longer than the tests. */
export function buildRustTls(): string {
  const PATH = `${process.env.PATH}:${join(homedir(), '.cargo/bin')}`
  execFileSync('cargo', ['build', '--release', '--locked', '--quiet'], {
    cwd: source,
    env: { ...process.env, PATH, CARGO_TARGET_DIR: join(source, 'target') },
  })
  return join(source, 'target/release/rust-tls')
}

export const startRustTls = (scope: Scope, program: string, { cert, key }: Certificate) =>
  started(scope, [program, 'server', cert, key])

/** @param version of TLS: 12 or 13 */
export function runRustTls(
  scope: Scope,
  program: string,
  port: number,
  name: string,
  { connections, requests, pause = 0 }: Load,
  version: 12 | 13,
): Promise<number | null> {
  const args = ['client', port, name, connections, requests, version, pause].map(String)
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = new Promise<number | null>((done) => child.on('exit', done))
  scope.defer(() => {
    child.kill('SIGKILL')
    return ended
  })
  return ended
}
