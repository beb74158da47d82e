/**
 * `bun run dev [settings of nixie serve]`: Nixie from source, built and started anew when a file of it changes. A build that fails
 * is said, and the one that ran before is left running.
 */
import { type FSWatcher, watch } from 'node:fs'
import { join, resolve } from 'node:path'

export interface Watched {
  /** With all that is in it. */
  readonly folder: string
  /** To be run when something in it changes, and at the start. */
  readonly build?: readonly string[]
}

export interface DevOptions {
  readonly watched: readonly Watched[]
  readonly command: readonly string[]
  readonly say: (line: string) => void
}

/** Names of source files. Temporary files of editors don't match. */
const SOURCE = /\.(?:tsx?|css|pxl|ya?ml|json|svg|c|h|rs|toml)$/
const BUILT = /(?:^|\/)(?:node_modules|target|dist)\//
/** A save, or a checkout, is many changes. */
const SETTLE_MS = 200
/** It stores what it has when it is told to end. */
const STOP_MS = 15_000

export class Dev {
  readonly #options: DevOptions
  readonly #watchers: FSWatcher[] = []
  readonly #due = new Set<Watched>()
  #timer: Timer | undefined
  #child: Bun.Subprocess | undefined
  #work: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(options: DevOptions) {
    this.#options = options
    for (const watched of options.watched) {
      const changed = (_: string, name: string | null) => this.#changed(watched, name ?? '')
      this.#watchers.push(watch(watched.folder, { recursive: true }, changed))
    }
    this.#later(options.watched)
  }

  /** Ends what it started. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    for (const watcher of this.#watchers) watcher.close()
    await this.#work
    await this.#stop()
  }

  #changed(watched: Watched, name: string): void {
    if (!SOURCE.test(name) || BUILT.test(name)) return
    this.#due.add(watched)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#later([...this.#due]), SETTLE_MS)
  }

  /** One after the other. */
  #later(due: readonly Watched[]): void {
    this.#due.clear()
    this.#work = this.#work.then(() => this.#again(due))
  }

  async #again(due: readonly Watched[]): Promise<void> {
    for (const { build } of due) if (build && !(await this.#build(build))) return
    await this.#stop()
    if (this.#isClosed) return
    const child = Bun.spawn([...this.#options.command], { stdio: ['inherit', 'inherit', 'inherit'] })
    this.#child = child
    void child.exited.then((code) => {
      if (this.#child === child && !this.#isClosed)
        this.#options.say(`it ended with ${code}; the next change starts it again`)
    })
  }

  async #build(command: readonly string[]): Promise<boolean> {
    const code = await Bun.spawn([...command], { stdio: ['ignore', 'inherit', 'inherit'] }).exited
    if (code !== 0) this.#options.say(`${command.join(' ')} failed; what runs is left running`)
    return code === 0
  }

  async #stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null) return
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await child.exited
    clearTimeout(timer)
  }
}

if (import.meta.main) {
  const root = resolve(import.meta.dir, '..')
  const at = (path: string) => join(root, path)
  const dev = new Dev({
    watched: [
      { folder: at('bpf'), build: [process.execPath, at('bpf/build.ts')] },
      { folder: at('src') },
      { folder: at('ui') },
    ],
    command: [process.execPath, at('src/main.ts'), 'serve', ...process.argv.slice(2)],
    say: (line) => console.error(`dev: ${line}`),
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void dev.close().then(() => process.exit(0)))
}
