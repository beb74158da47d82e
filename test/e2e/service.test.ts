/**
 * The systemd unit as a systemd runs it: another account, five capabilities, the filter of system calls, closed folders, limits. With
 * all that Nixie captures, answers, and comes again after a kill. Systemd runs in namespaces, the machine's own isn't touched.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { binary, isRoot, root } from '../support/nixie'
import { freePort, Scope, until } from '../support/scope'

const SYSTEMD = '/lib/systemd/systemd'
const GROUPS = '/sys/fs/cgroup'
const isV2 = existsSync(join(GROUPS, 'cgroup.controllers'))
const groups = (isV2 ? ['.'] : ['systemd', 'memory', 'pids', 'cpu', 'devices']).map((name) =>
  join(GROUPS, name),
)

const missing = !isRoot
  ? 'needs root'
  : !existsSync(SYSTEMD) || !Bun.which('unshare')
    ? 'needs systemd'
    : groups.some((group) => !existsSync(group))
      ? 'needs control groups'
      : ''

/** BPF, PERFMON, NET_ADMIN, SYS_PTRACE, DAC_READ_SEARCH. */
const CAPABILITIES = '000000c000081004'

describe.skipIf(missing !== '')(`nixie.service under systemd${missing && ` (${missing})`}`, () => {
  const scope = new Scope('systemd')
  afterAll(() => scope.close())
  let port = 0
  let inside: readonly string[] = []

  const run = async (...command: string[]) => {
    const process = Bun.spawn([...inside, ...command], { stdout: 'pipe', stderr: 'pipe' })
    const text = (await process.stdout.text()) + (await process.stderr.text())
    return { code: await process.exited, text: text.trim() }
  }
  const ask = async (path: string, init: RequestInit = {}) =>
    (await fetch(`http://127.0.0.1:${port}${path}`, init)).json() as Promise<Record<string, unknown>>
  const isReady = async () => (await ask('/readyz')).ready === true
  const mainPid = async () =>
    (await run('systemctl', 'show', '-p', 'MainPID', '--value', 'nixie.service')).text

  beforeAll(async () => {
    port = await freePort()
    const text = readFileSync(join(root, 'deploy/nixie.service'), 'utf8')
      .replaceAll('@BIN@', '/run/bin/nixie')
      .replaceAll('@DATA_DIR@', '/var/lib/nixie')
      .replace(
        '[Service]\n',
        `[Service]\nEnvironment=NIXIE_LISTEN=127.0.0.1:${port}\nStandardOutput=append:/run/test/log\nStandardError=append:/run/test/log\n`,
      )
    const unit = join(scope.dir, 'nixie.service')
    writeFileSync(unit, text)
    const own = groups.map((group) => join(group, `nixie-test-${process.pid}`))
    for (const group of own) mkdirSync(group)
    scope.defer(() => removeGroups(own))
    const enter = own.map((group) => `echo $$ >${group}/cgroup.procs`).join(' && ')
    const script = join(root, 'test/support/systemd.sh')
    const started = Bun.spawn(
      [
        'sh',
        '-c',
        `${enter} && exec setsid unshare --mount --pid --fork --kill-child --uts --ipc "$@"`,
        'sh',
        script,
        unit,
        scope.dir,
        binary,
      ],
      { stdin: 'ignore', stdout: Bun.file(join(scope.dir, 'systemd')), stderr: 'inherit' },
    )
    scope.defer(async () => {
      started.kill('SIGKILL')
      await started.exited
    })
    await until('the unit is up', isReady)
    const children = readFileSync(`/proc/${started.pid}/task/${started.pid}/children`, 'utf8').trim()
    inside = ['nsenter', '-t', children.split(' ')[0]!, '-m', '-p', '-C', '-u', '-i']
  })

  test('it runs as its own account, with five capabilities and the filter, under its limits', async () => {
    const { text } = await run('cat', `/proc/${await mainPid()}/status`)
    const value = (name: string) => new RegExp(`^${name}:\\s*(.+)$`, 'm').exec(text)?.[1]
    expect(value('Uid')).not.toStartWith('0')
    for (const set of ['CapEff', 'CapBnd', 'CapAmb']) expect(value(set), set).toBe(CAPABILITIES)
    expect([value('NoNewPrivs'), value('Seccomp')]).toEqual(['1', '2'])
    const { text: shown } = await run('systemctl', 'show', '-p', 'MemoryMax,TasksMax', 'nixie.service')
    expect(shown.split('\n').sort()).toEqual([`MemoryMax=${512 << 20}`, 'TasksMax=128'])
  })

  test('its files are its own alone', async () => {
    const { text } = await run('sh', '-c', 'cd /var/lib/nixie && stat -c "%a %U" . nixie.*')
    expect(new Set(text.split('\n'))).toEqual(new Set(['700 nixie', '600 nixie']))
  })

  test('every program is attached, and what a program says is captured', async () => {
    const { probes } = (await ask('/api/status')) as { probes: { name: string; attached: boolean }[] }
    // Programs of this machine whose TLS can't be read are named beside the probes.
    expect(probes.filter(({ name, attached }) => !attached && !name.startsWith('TLS of '))).toEqual([])
    const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('hello') })
    scope.defer(() => server.stop(true))
    await run('curl', '-s', `http://127.0.0.1:${server.port}/from-the-unit`)
    const seen = async () => {
      const { tables } = (await ask('/api/run/px/http_data?start_time=-5m')) as {
        tables: { rows: { req_path: string }[] }[]
      }
      return tables[0]!.rows.find(({ req_path }) => req_path === '/from-the-unit')
    }
    await until('the request is a row', seen)
  })

  test('other accounts are refused', async () => {
    const { text } = await run(
      'setpriv',
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      'curl',
      '-s',
      `http://127.0.0.1:${port}/api/nodes`,
    )
    expect(text).toContain('"forbidden"')
  })

  test('after a kill it comes again, with its rows', async () => {
    const before = await mainPid()
    await run('kill', '-9', before)
    await until('it comes again', async () => (await mainPid()) !== before && (await isReady()))
    const { tables } = (await ask('/api/store')) as { tables: { name: string; rows: number }[] }
    expect(tables.find(({ name }) => name === 'http_events')?.rows).toBeGreaterThan(0)
    // A busy machine makes it say that, too.
    const said = readFileSync(join(scope.dir, 'log'), 'utf8').replaceAll(/Nothing is lost while .*/g, '')
    expect(said).not.toMatch(/damaged|lost/)
  })

  test('over its memory limit it is ended, and started again for as long as it takes', async () => {
    const show = async (name: string) =>
      (await run('systemctl', 'show', '-p', name, '--value', 'nixie.service')).text
    const limit = async (value: string) =>
      expect(
        (await run('systemctl', 'set-property', '--runtime', 'nixie.service', `MemoryMax=${value}`)).text,
      ).toBe('')
    const before = Number(await show('NRestarts'))
    // Less than it starts with; the limit that it has already may not go below what it uses.
    await run('systemctl', 'set-property', '--runtime', 'nixie.service', 'MemoryMax=16M')
    await run('kill', '-9', await mainPid())
    await until('it was ended twice more', async () => {
      await run('systemctl', 'set-property', '--runtime', 'nixie.service', 'MemoryMax=16M')
      return Number(await show('NRestarts')) >= before + 3
    })
    await limit(`${512 << 20}`)
    await until('it captures again', isReady)
  })

  const install = (...args: string[]) =>
    run(
      'env',
      'PREFIX=/run',
      `NIXIE_LISTEN=127.0.0.1:${port}`,
      join(root, 'install.sh'),
      '--no-build',
      ...args,
    )
  const requests = async () => {
    const { tables } = (await ask('/api/store')) as { tables: { name: string; rows: number }[] }
    return tables.find(({ name }) => name === 'http_events')?.rows ?? 0
  }

  test('install.sh puts a new one in its place, with its rows', async () => {
    const before = await mainPid()
    const rows = await requests()
    expect(rows).toBeGreaterThan(0)
    const { code, text } = await install()
    expect(text).toContain('Stopping the service')
    expect(text).toContain('captures, after')
    expect(code).toBe(0)
    expect(await mainPid()).not.toBe(before)
    expect(await requests()).toBeGreaterThanOrEqual(rows)
    const { text: shown } = await run('systemctl', 'is-enabled', 'nixie.service')
    expect(shown).toBe('enabled')
    const { text: own } = await run('cat', '/etc/systemd/system/nixie.service')
    expect(own).toContain('ExecStart=/run/bin/nixie serve')
  })

  test('it stops at once, without an error', async () => {
    await run('systemctl', 'stop', 'nixie.service')
    const { text } = await run('systemctl', 'show', '-p', 'Result,ActiveState', 'nixie.service')
    expect(text.split('\n').sort()).toEqual(['ActiveState=inactive', 'Result=success'])
  })

  test('install.sh takes it away, first without its rows, then with them', async () => {
    const there = async (...paths: string[]) =>
      (await run('sh', '-c', `for path in ${paths.join(' ')}; do [ ! -e $path ] || echo $path; done`)).text
    const own = ['/etc/systemd/system/nixie.service', '/run/bin/nixie', '/var/lib/nixie/nixie.db']
    expect(await there(...own)).toBe(own.join('\n'))
    expect((await install('--uninstall')).text).toContain('The data stays in /var/lib/nixie')
    expect(await there(...own)).toBe('/var/lib/nixie/nixie.db')
    expect((await run('systemctl', 'is-enabled', 'nixie.service')).text).not.toBe('enabled')
    expect((await install('--uninstall', '--purge')).code).toBe(0)
    expect(await there(...own, '/etc/default/nixie')).toBe('')
    expect((await run('id', 'nixie')).code).not.toBe(0)
  })
})

/** Those that a systemd made within, too, once all processes in them are gone. */
async function removeGroups(roots: readonly string[]): Promise<void> {
  const remove = (group: string) => {
    const found = Bun.spawnSync(['find', group, '-depth', '-type', 'd']).stdout.toString()
    for (const one of found.split('\n').filter(Boolean)) rmdirSync(one)
    return !existsSync(group)
  }
  for (const group of roots) await until(`${group} is removed`, () => remove(group))
}
