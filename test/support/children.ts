/** Runs the steps of a test run as processes, and ends what they leave behind. */
import { type ChildProcess, spawn } from 'node:child_process'

export interface Command {
  readonly command: readonly string[]
  readonly cwd: string
  readonly environment: Record<string, string>
  /** By `Date.now()`: it is ended then. */
  readonly deadline: number
  /** What it prints, in the order in which it comes. */
  output(text: string): void
}

/** How long a step's last output may take; what it left running on purpose (a cluster) may hold its output open. */
const OUTPUT_MS = 500

/**
 * Puts a command into a process namespace: a Nixie in it sees no processes of other steps, and what is in it ends with it. It takes root.
 */
export const ofItsOwn = (command: readonly string[]): readonly string[] => [
  ...['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'],
  ...command,
]

/** Ends all of a step; its processes share a group. */
function sweep(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch {
    // None left.
  }
}

export class Children {
  private readonly running = new Set<ChildProcess>()

  /** The exit code; -1 when the deadline had to end it. */
  run({ command, cwd, environment, deadline, output }: Command): Promise<number> {
    return new Promise((done) => {
      let late = false
      const child = spawn(command[0]!, command.slice(1), {
        cwd,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
        env: { ...process.env, ...environment, NO_COLOR: '1' },
      })
      this.running.add(child)
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', output)
      const closed = new Promise((close) => child.on('close', close))
      const timer = setTimeout(
        () => {
          late = true
          sweep(child)
        },
        Math.max(0, deadline - Date.now()),
      )
      const end = async (code: number | null) => {
        clearTimeout(timer)
        sweep(child)
        this.running.delete(child)
        await Promise.race([closed, Bun.sleep(OUTPUT_MS)])
        done(late ? -1 : (code ?? 1))
      }
      child.on('error', (error) => {
        output(`${error.message}\n`)
        end(1)
      })
      child.on('exit', end)
    })
  }

  /** Ends all that still run. */
  end(): void {
    for (const child of this.running) sweep(child)
  }
}
