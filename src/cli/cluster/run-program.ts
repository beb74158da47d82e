/** Runs another program and returns its output. */
import { NixieError } from '../../errors'
import { withCleanUp } from '../clean-up'
import type { Io } from '../io'

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

const END_MS = 3000

/** Sends SIGTERM, and SIGKILL if the program does not end. */
async function endChild(child: Bun.Subprocess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await Promise.race([child.exited, Bun.sleep(END_MS)])
  child.kill('SIGKILL')
}

/** @throws NixieError when it can't be started, or does not end in time */
export async function runProgram(command: readonly string[], { env }: Io, ms: number): Promise<Ended> {
  const [program, ...args] = command
  const path = Bun.which(program!, { PATH: env.PATH ?? '' })
  if (path === null) throw new NixieError('not_found', `${program} is not on this machine`)
  // It keeps the terminal, because sudo asks for a password there.
  const child = Bun.spawn([path, ...args], {
    env: env as Record<string, string>,
    stdin: 'inherit',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: ms,
  })
  const [code, out, err] = await withCleanUp(
    () => endChild(child),
    () => Promise.all([child.exited, new Response(child.stdout).text(), new Response(child.stderr).text()]),
  )
  if (child.signalCode === null) return { code, out, err }
  throw new NixieError(
    'deadline_exceeded',
    `${command.join(' ')} did not end within ${ms / 1000} s`,
    'Run it by hand to see what it waits for.',
  )
}
