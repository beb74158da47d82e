/** kill -9 at random moments of appending and compacting; every store must open with all that was promised. */
import { openReader } from '../../src/store'
import { random } from '../bench/http-events'
import { events, numbersOf, open, said, settle } from './support'

/** Kills a writer on this directory `kills` times; throws where rows are lost, doubled or out of place. */
export async function crashOften(dir: string, kills: number, seed: number): Promise<{ rows: number }> {
  const next = random(seed)
  let promised = 0
  for (let kill = 0; kill < kills; kill++) {
    const child = Bun.spawn([process.execPath, `${import.meta.dir}/writer-process.ts`, dir], {
      stderr: 'inherit',
    })
    promised = Math.max(promised, await killAfter(child, 1 + Math.floor(next() * 40)))
    await child.exited
    const reader = openReader(dir, [events])
    const numbers = numbersOf(reader)
    reader.close()
    if (reader.damagedChunks > 0)
      throw new Error(`kill ${kill}: ${reader.takeDamage().map(({ why }) => why)}`)
    const wrong = numbers.findIndex((n, i) => n !== i)
    if (wrong >= 0) throw new Error(`kill ${kill}: row ${wrong} is ${numbers[wrong]}`)
    if (numbers.length < promised)
      throw new Error(`kill ${kill}: ${numbers.length} of ${promised} rows are left`)
  }
  const writer = open(dir)
  if (said(writer).length > 0) throw new Error(said(writer).join())
  settle(writer)
  writer.close()
  return { rows: promised }
}

/** Reads promises until there were so many, then kills; returns the last one that was heard. */
async function killAfter(
  child: Bun.Subprocess<'ignore', 'pipe', 'inherit'>,
  promises: number,
): Promise<number> {
  let heard = 0
  let last = 0
  let rest = ''
  for await (const bytes of child.stdout) {
    const lines = (rest + new TextDecoder().decode(bytes)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      last = Number(line)
      heard++
    }
    if (heard >= promises && !child.killed) child.kill('SIGKILL')
  }
  return last
}
