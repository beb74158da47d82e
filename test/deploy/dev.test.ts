/** From source with reload: what a change starts, what a failed build leaves, what the end leaves. */
import { afterAll, beforeEach, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Dev } from '../../deploy/dev'
import { Scope, until } from '../support/scope'

const scope = new Scope('dev')
afterAll(() => scope.close())
const at = (path: string) => join(scope.dir, path)
const lines = (path: string) =>
  existsSync(at(path)) ? readFileSync(at(path), 'utf8').trim().split('\n') : []
const starts = (count: number) => until(`start ${count}`, () => lines('starts').length === count)
const isAlive = (pid: string) => existsSync(`/proc/${pid}`)

const said: string[] = []
function start(): Dev {
  const dev = new Dev({
    watched: [
      {
        folder: at('bpf'),
        build: ['sh', '-c', `echo build >> ${at('builds')}; ! grep -q wrong ${at('bpf/a.c')}`],
      },
      { folder: at('src') },
    ],
    // It also ends by itself.
    command: ['sh', '-c', `echo $$ >> ${at('starts')}; exec sleep 60`],
    say: (line) => said.push(line),
  })
  scope.defer(() => dev.close())
  return dev
}

beforeEach(() => {
  for (const name of ['starts', 'builds']) rmSync(at(name), { force: true })
  for (const folder of ['bpf', 'src/deep']) mkdirSync(at(folder), { recursive: true })
  writeFileSync(at('bpf/a.c'), 'right')
  said.length = 0
})

test('a change starts it anew, once, after the one before has ended', async () => {
  const dev = start()
  await starts(1)
  expect(lines('builds')).toEqual(['build'])
  for (const name of ['a.ts', 'b.tsx', 'c.pxl']) writeFileSync(at(`src/deep/${name}`), 'x')
  await starts(2)
  const [first, second] = lines('starts')
  expect(isAlive(first!)).toBe(false)
  // Only what changed is built.
  expect(lines('builds')).toEqual(['build'])
  await dev.close()
  expect(isAlive(second!)).toBe(false)
  expect(lines('starts')).toHaveLength(2)
})

test('a build that fails leaves what runs, and says so', async () => {
  const dev = start()
  await starts(1)
  writeFileSync(at('bpf/a.c'), 'wrong')
  await until('the build fails', () =>
    said.some((line) => line.includes('failed; what runs is left running')),
  )
  expect(isAlive(lines('starts')[0]!)).toBe(true)
  writeFileSync(at('bpf/a.c'), 'right again')
  await starts(2)
  await dev.close()
})

test('what is no source changes nothing', async () => {
  const dev = start()
  await starts(1)
  writeFileSync(at('src/.a.ts.swp'), 'x')
  mkdirSync(at('src/node_modules/x'), { recursive: true })
  writeFileSync(at('src/node_modules/x/a.ts'), 'x')
  writeFileSync(at('src/z.ts'), 'x')
  await starts(2)
  await dev.close()
  expect(lines('starts')).toHaveLength(2)
})
