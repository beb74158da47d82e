/** Servers and clients of Go's crypto/tls, built as users build theirs. */
import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from './nixie'
import type { Scope } from './scope'
import { type Certificate, type Load, started } from './tls'

const source = join(root, 'test/support/servers/go-tls')

/** Ways to build a program → what `go build` is told. */
export const BUILDS = {
  plain: { flags: [], env: { CGO_ENABLED: '0' } },
  stripped: { flags: ['-ldflags', '-s -w'], env: { CGO_ENABLED: '0' } },
  pie: { flags: ['-buildmode=pie', '-ldflags', '-s -w'], env: { CGO_ENABLED: '0' } },
  /** Linked by the linker of C, with its start-up code in front. */
  cgo: { flags: ['-buildmode=pie', '-ldflags', '-s -w -linkmode external'], env: { CGO_ENABLED: '1' } },
} as const
export type Build = keyof typeof BUILDS

/** Whether a toolchain is there without asking a proxy: `GOTOOLCHAIN=go1.20.14 go version` brings that one in. */
export function hasToolchain(toolchain: string): boolean {
  const env = { ...process.env, GOTOOLCHAIN: toolchain, GOPROXY: 'off' }
  return Bun.which('go') !== null && Bun.spawnSync(['go', 'version'], { env }).exitCode === 0
}

/** @param toolchain as GOTOOLCHAIN names one; by default the one that is installed */
export function buildGoTls(scope: Scope, build: Build, toolchain = 'local'): string {
  const program = join(scope.dir, `go-tls-${build}-${toolchain}`)
  const { flags, env } = BUILDS[build]
  execFileSync('go', ['build', '-o', program, ...flags, '.'], {
    cwd: source,
    env: { ...process.env, GOFLAGS: '', GOTOOLCHAIN: toolchain, HOME: process.env.HOME ?? scope.dir, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return program
}

export const startGoTls = (scope: Scope, program: string, { cert, key }: Certificate) =>
  started(scope, [program, 'server', cert, key])

export function runGoTls(
  program: string,
  name: string,
  port: number,
  { connections, requests, pause = 0 }: Load,
  protocol: 'h1' | 'h2',
): Promise<void> {
  const args = [`https://127.0.0.1:${port}`, name, connections, requests, pause, protocol].map(String)
  const child = spawn(program, ['client', ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
  return new Promise((done, failed) => {
    child.on('error', failed)
    child.on('exit', (code) => (code === 0 ? done() : failed(new Error(`${name} ended with ${code}`))))
  })
}
