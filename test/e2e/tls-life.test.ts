/**
 * Libraries that come while a program runs, lie in layers of file systems, have no name, or are replaced: all are read, each once. Needs
 * root and a C compiler.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { copyFileSync, mkdirSync, readdirSync, realpathSync, renameSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { basename, join } from 'node:path'
import { isRoot, Nixie } from '../support/nixie'
import { Scope, until } from '../support/scope'
import { makeAnyClient, makeCertificate, portsOf, startBunTls } from '../support/tls'

/** Connections of a client, with one request each, and seconds before each. */
const CONNECTIONS = 60
const PAUSE = 0.05
/** Descriptors that are left while a library is refused, but for those of open connections. */
const SPARE = 12
/** A second: until then its library must be found. */
const IN_TIME = 1 / PAUSE

describe.skipIf(!isRoot)('the life of TLS libraries (needs root)', () => {
  const scope = new Scope('tls-life')
  let any: string
  let libssl: string
  let server: ReturnType<typeof startBunTls>
  let nixie: Nixie

  beforeAll(async () => {
    any = makeAnyClient(scope)
    const { stdout } = Bun.spawnSync(['sh', '-c', 'ldd "$(command -v curl)"'])
    libssl = realpathSync(/libssl\S* => (\S+)/.exec(stdout.toString())![1]!)
    server = startBunTls(scope, makeCertificate(scope))
    // It is about all rows, so nothing is left out for the sake of the load.
    nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
  }, 120_000)
  afterAll(() => scope.close(), 20_000)

  /** A copy: a file that Nixie has not seen. */
  const copyTo = (path: string) => {
    copyFileSync(libssl, path)
    return path
  }
  const command = (library: string, word: string) =>
    [any, library, 'plain', word, server.port, CONNECTIONS, 1, PAUSE].map(String)
  const start = (words: readonly string[]) => {
    const child = Bun.spawn([...words], { stdin: 'pipe', stdout: 'ignore', stderr: 'inherit' })
    scope.defer(() => {
      child.kill('SIGKILL')
      return child.exited
    })
    return child
  }
  const probed = async (name: string) =>
    (await nixie.status()).probes.filter((probe) => basename(probe.name).startsWith(name))

  /** From the first row on each connection has its row; returns how many there were before. */
  const expectRows = async (word: string): Promise<number> => {
    const last = `/${word}/${CONNECTIONS - 1}/0`
    const rows = await until(`the last row of ${word}`, async () => {
      const all = await nixie.httpRows(`/${word}/`)
      return all.some(({ req_path }) => req_path === last) && all
    })
    const missed = CONNECTIONS - rows.length
    expect(rows.map(({ req_path }) => req_path)).toEqual(
      Array.from({ length: rows.length }, (_, i) => `/${word}/${missed + i}/0`),
    )
    expect(rows.map(portsOf).filter(({ told, seen }) => told !== seen)).toEqual([])
    return missed
  }

  test('loaded by a program that has run for a while: found within a second', async () => {
    const path = copyTo(join(scope.dir, 'libloaded.so'))
    const child = start(command('-', 'loaded'))
    await until('it runs', () => readdirSync(`/proc/${child.pid}/task`).length > 0)
    child.stdin.write(`${path}\n`)
    child.stdin.end()
    expect(await child.exited).toBe(0)
    expect(await expectRows('loaded')).toBeLessThanOrEqual(IN_TIME)
    expect(await probed('libloaded.so')).toHaveLength(1)
  })

  test('a file without a name', async () => {
    expect(await start(command(`memfd:${libssl}`, 'memfd')).exited).toBe(0)
    expect(await expectRows('memfd')).toBeLessThanOrEqual(IN_TIME)
  })

  test('layers of file systems: one file of two containers is attached once', async () => {
    const dir = join(scope.dir, 'layers')
    mkdirSync(join(dir, 'lower'), { recursive: true })
    copyTo(join(dir, 'lower/liblayered.so'))
    // Each in a namespace of its own, with which the mounts go.
    const inLayers = (word: string) => {
      const script = `set -e
mount -t tmpfs none "$0"/tmp-${word}; cd "$0"/tmp-${word}; mkdir upper work root
mount -t overlay none -o lowerdir="$0"/lower,upperdir=upper,workdir=work root
exec ${command('./root/liblayered.so', word).join(' ')}`
      mkdirSync(join(dir, `tmp-${word}`))
      return start(['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, dir])
    }
    const children = ['layer-one', 'layer-two'].map(inLayers)
    expect(await Promise.all(children.map((child) => child.exited))).toEqual([0, 0])
    for (const word of ['layer-one', 'layer-two']) expect(await expectRows(word)).toBeLessThanOrEqual(IN_TIME)
    expect(await probed('liblayered.so')).toHaveLength(1)
  })

  test('replaced while a program uses it: both are read, the old one and the new', async () => {
    const path = copyTo(join(scope.dir, 'libreplaced.so'))
    const old = start(command(path, 'before-upgrade'))
    await until('it is probed', async () => (await probed('libreplaced.so')).length === 1)
    renameSync(copyTo(`${path}.new`), path)
    const upgraded = start(command(path, 'after-upgrade'))
    expect(await Promise.all([old.exited, upgraded.exited])).toEqual([0, 0])
    for (const word of ['before-upgrade', 'after-upgrade'])
      expect(await expectRows(word)).toBeLessThanOrEqual(IN_TIME)
    expect(await probed('libreplaced.so')).toHaveLength(2)
  })

  const openSocket = () =>
    new Promise<Socket>((done, failed) => {
      const socket = connect(nixie.port, '127.0.0.1', () => done(socket)).on('error', failed)
      scope.defer(() => void socket.destroy())
    })

  test('refused for lack of descriptors: told, and read once there are some', async () => {
    const path = copyTo(join(scope.dir, 'librefused.so'))
    const child = start(command('-', 'refused'))
    const limit = (count: string) =>
      expect(Bun.spawnSync(['prlimit', `--nofile=${count}:`, '--pid', `${nixie.pid}`]).exitCode).toBe(0)
    // A few for what asks about its status.
    limit(`${readdirSync(`/proc/${nixie.pid}/fd`).length + SPARE}`)
    // Each connection of these takes one of Nixie's.
    const sockets = await Promise.all(Array.from({ length: SPARE - 2 }, () => openSocket()))
    child.stdin.write(`${path}\n`)
    child.stdin.end()
    await until('it is told', async () => {
      const probes = await nixie.status()
      return probes.probes.some(({ error }) => error.includes('EMFILE'))
    })
    for (const socket of sockets) socket.end()
    limit('16384')
    await until('it is probed', async () => (await probed('librefused.so')).some(({ attached }) => attached))
    expect(await child.exited).toBe(0)
  })
})
