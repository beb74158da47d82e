/** Clean-up that runs however a command ends, also on a signal. */

type CleanUp = () => void | Promise<void>

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const
/** The longest that clean-up may take. What is left after it stays. */
const LONGEST_MS = 10_000

const pending: CleanUp[] = []
let ending = false

async function end(name: keyof typeof SIGNALS): Promise<void> {
  // A second signal ends it at once.
  if (!ending) {
    ending = true
    const all = (async () => {
      for (const cleanUp of pending.reverse()) await Promise.resolve(cleanUp()).catch(() => {})
    })()
    await Promise.race([all, Bun.sleep(LONGEST_MS)])
  }
  process.exit(128 + SIGNALS[name])
}

const onHup = () => void end('SIGHUP')
const onInt = () => void end('SIGINT')
const onTerm = () => void end('SIGTERM')

function listen(): void {
  process.on('SIGHUP', onHup).on('SIGINT', onInt).on('SIGTERM', onTerm)
}

function unlisten(): void {
  process.off('SIGHUP', onHup).off('SIGINT', onInt).off('SIGTERM', onTerm)
}

/** Does the work and then cleans up, whether it worked or not; on SIGINT, SIGTERM and SIGHUP it cleans up and exits, the last one first. */
export async function withCleanUp<T>(cleanUp: CleanUp, work: () => Promise<T>): Promise<T> {
  if (pending.length === 0) listen()
  pending.push(cleanUp)
  try {
    return await work()
  } finally {
    // A signal's clean-up is already under way and does the work.
    if (!ending) {
      pending.splice(pending.indexOf(cleanUp), 1)
      if (pending.length === 0) unlisten()
      await cleanUp()
    }
  }
}
