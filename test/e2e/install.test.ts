/** install.sh with the built binary: install, upgrade, uninstall, in a mount namespace whose system folders are its own. */
import { afterAll, describe, expect, test } from 'bun:test'
import { appendFileSync, existsSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isArch } from '../../bpf/cross'
import { release } from '../../deploy/release'
import { isRoot, root } from '../support/nixie'
import { freePort, PATIENCE_MS, Scope } from '../support/scope'

const SCRIPT = `
set -eu
for dir in /run /var/log /etc/default; do mount -t tmpfs tmpfs "$dir"; done
trap './install.sh --uninstall >/dev/null 2>&1 || true' EXIT
step() { echo; echo "## $1"; }
step install
./install.sh --no-build
step ask
curl -s "http://$NIXIE_LISTEN/healthz"; echo
cat /run/nixie.pid; readlink "/proc/$(cat /run/nixie.pid)/exe"
step upgrade
unset NIXIE_DATA_DIR
listen=$NIXIE_LISTEN; unset NIXIE_LISTEN
./install.sh --no-build
cat /run/nixie.pid
step running
curl -s "http://$listen/api/status" | jq -c '[.ready, .store.path, .config.listen]'
step refused
before=$(cat /run/nixie.pid /etc/default/nixie)
for bad in NIXIE_LISTEN=bogus NIXIE_LISTEN=0.0.0.0:6494 NIXIE_DATA_DIR=relative/nixie "NIXIE_DATA_DIR=/tmp/a b" NIXIE_DATA_DIR=/dev/null/x; do
  env "$bad" ./install.sh --no-build 2>&1 || echo "$bad ended with $?"
done
printf 'NIXIE_RETENTION=long\n' >>/etc/default/nixie
./install.sh --no-build 2>&1 || echo "file ended with $?"
sed -i '/RETENTION/d' /etc/default/nixie
[ "$before" = "$(cat /run/nixie.pid /etc/default/nixie)" ] && curl -s "http://$listen/readyz"
step private
stat -c '%a %n' "$DATA_DIR" "$DATA_DIR"/nixie.*
step uninstall
./install.sh --uninstall
ls "$DATA_DIR"
step taken
python3 -m http.server --bind 127.0.0.1 "\${listen##*:}" >/dev/null 2>&1 & other=$!
n=0; until curl -s -o /dev/null "http://$listen/"; do n=$((n + 1)); [ $n -lt 600 ]; sleep 0.1; done
NIXIE_LISTEN=$listen ./install.sh --no-build 2>&1 || echo "ended with $?"
kill $other; wait $other 2>/dev/null || true
step purge
NIXIE_DATA_DIR=$DATA_DIR ./install.sh --uninstall --purge
ls -d "$DATA_DIR" "$PREFIX/bin/nixie" 2>&1 || true
step text
NIXIE_LISTEN=$listen NIXIE_DATA_DIR="$DATA_DIR-"'$(touch\${IFS}/run/executed)' ./install.sh --no-build >/dev/null
cat /etc/default/nixie
./install.sh --no-build >/dev/null
curl -s "http://$listen/api/status" | jq -r .store.path
./install.sh --uninstall --purge
ls /run/executed /etc/default/nixie 2>&1 || true
step other
mkdir -p "$DATA_DIR.d"; touch "$DATA_DIR.d/mine"
NIXIE_LISTEN=$listen NIXIE_DATA_DIR=$DATA_DIR.d ./install.sh --no-build >/dev/null
./install.sh --uninstall --purge
ls -A "$DATA_DIR.d" /etc/default
step gone
printf "NIXIE_DATA_DIR='/nowhere/at/all'\n" >/etc/default/nixie
./install.sh --uninstall --purge
ls -A /etc/default
`

/** As a user's machine: no checkout, the script comes through a pipe. */
const DOWNLOAD = `
set -eu
for dir in /run /var/log /etc/default; do mount -t tmpfs tmpfs "$dir"; done
cd "$EMPTY"
install() { curl -fsS "$URL/install.sh" | sh -s -- "$@"; }
trap 'install --uninstall >/dev/null 2>&1 || true' EXIT
step() { echo; echo "## $1"; }
step install
install
curl -s "http://$NIXIE_LISTEN/readyz"; echo
step upgrade
install
ls "$NIXIE_DATA_DIR"
step damaged
NIXIE_RELEASE_URL=$DAMAGED_URL install 2>&1 || echo "ended with $?"
curl -s "http://$NIXIE_LISTEN/readyz"; echo
step missing
NIXIE_RELEASE_URL=$URL/nowhere install 2>&1 || echo "ended with $?"
step purge
install --uninstall --purge
ls -d "$NIXIE_DATA_DIR" "$PREFIX/bin/nixie" 2>&1 || true
`

/** The parts of what a script wrote, by the names of its steps. */
const stepsOf = (out: string): Record<string, string> =>
  Object.fromEntries(
    out.split('\n## ').map((part) => [part.split('\n')[0]!, part.split('\n').slice(1).join('\n')]),
  )

async function runSteps(script: string, env: Record<string, string>): Promise<Record<string, string>> {
  const child = Bun.spawn(['unshare', '-m', 'sh', '-c', script], {
    cwd: root,
    env: { ...process.env, ...env },
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: 4 * PATIENCE_MS,
  })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  const code = await child.exited
  if (code !== 0) throw new Error(`ended with ${code}\n${out}\n${err}`)
  return stepsOf(out)
}

describe.skipIf(!isRoot)('install.sh (needs root)', () => {
  const scope = new Scope('install')
  afterAll(() => scope.close())

  test('installs, upgrades keeping data and settings, uninstalls', async () => {
    const listen = `127.0.0.1:${await freePort()}`
    const dataDir = join(scope.dir, 'lib/nixie')
    const prefix = join(scope.dir, 'usr')
    const steps = await runSteps(SCRIPT, {
      PREFIX: prefix,
      DATA_DIR: dataDir,
      NIXIE_LISTEN: listen,
      NIXIE_DATA_DIR: dataDir,
    })
    expect(steps.install).toContain(`http://${listen}/`)
    expect(steps.install).toContain('curl -s')
    const [health, pid, exe] = steps.ask!.trim().split('\n')
    expect(JSON.parse(health!)).toMatchObject({ ready: true })
    expect(exe).toBe(join(prefix, 'bin/nixie'))
    expect(steps.upgrade).toContain(`Stopping Nixie (pid ${pid})`)
    expect(steps.upgrade!.trim().split('\n').at(-1)).not.toBe(pid)
    expect(JSON.parse(steps.running!)).toEqual([true, dataDir, listen])
    // What would not start stops nothing and is not remembered.
    for (const words of [
      "'bogus' is not HOST:PORT",
      'Listening on 0.0.0.0:6494 needs a token',
      "'relative/nixie' does not begin with a slash",
      'may have no quotes, spaces',
      '/dev/null is no directory',
      "NIXIE_RETENTION: 'long' is not",
    ]) {
      expect(steps.refused).toContain(words)
    }
    expect(steps.refused!.match(/ended with 1/g)).toHaveLength(6)
    expect(steps.refused).not.toContain('Stopping')
    expect(steps.refused).not.toContain('Installing')
    expect(steps.refused).toContain('{"ready":true')
    const modes = steps
      .private!.trim()
      .split('\n')
      .map((line) => line.split(' ')[0])
    expect(modes.length).toBeGreaterThan(4)
    expect([modes[0], ...new Set(modes.slice(1))]).toEqual(['700', '600'])
    expect(steps.uninstall).toContain('nixie.db')
    // The settings file is text, for a shell too.
    const named = `${dataDir}-$(touch\${IFS}/run/executed)`
    expect(steps.text).toContain(`NIXIE_DATA_DIR='${named}'`)
    expect(steps.text).toContain(`\n${named}\n`)
    expect(steps.text).toContain(`Removed, with ${named} and /etc/default/nixie.`)
    expect(steps.text).toContain("cannot access '/run/executed'")
    expect(steps.text).toContain("cannot access '/etc/default/nixie'")
    expect(steps.other).toContain('stays: it holds more')
    expect(steps.other!.trim()).toEndWith(`/etc/default:\n\n${dataDir}.d:\nmine`)
    expect(steps.gone!.trim()).toEndWith('Removed, with /nowhere/at/all and /etc/default/nixie.')
    expect(steps.taken).toMatch(new RegExp(`${listen} is taken by process \\d+: .*http\\.server`))
    // Before it builds and installs anything.
    expect(steps.taken).not.toContain('Installing')
    expect(steps.taken).toContain('ended with 1')
    expect([existsSync(dataDir), existsSync(join(prefix, 'bin/nixie'))]).toEqual([false, false])
    // Its entry may stay until the process that adopted it waits for it; its program is gone.
    expect(() => readlinkSync(`/proc/${pid}/exe`)).toThrow()
  })

  test('downloads a release, verifies it, upgrades, and leaves what runs alone when the download is damaged', async () => {
    const listen = `127.0.0.1:${await freePort()}`
    const out = join(scope.dir, 'release')
    const server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: ({ url }) => {
        const [, place, name] = new URL(url).pathname.split('/')
        const file = Bun.file(join(scope.dir, place!, name ?? ''))
        return existsSync(file.name!) ? new Response(file) : new Response('', { status: 404 })
      },
    })
    scope.defer(() => server.stop(true))
    const arches = [process.arch].filter(isArch)
    const names = await release({ out, url: new URL('release', server.url).href, arches, level: 1 })
    expect(names).toContain(`nixie-linux-${process.arch}.gz`)
    const damaged = join(scope.dir, 'damaged')
    Bun.spawnSync(['cp', '-r', out, damaged])
    appendFileSync(join(damaged, `nixie-linux-${process.arch}.gz`), 'x')
    const empty = join(scope.dir, 'empty')
    Bun.spawnSync(['mkdir', empty])

    const dataDir = join(scope.dir, 'downloaded/nixie')
    const steps = await runSteps(DOWNLOAD, {
      URL: new URL('release', server.url).href,
      DAMAGED_URL: new URL('damaged', server.url).href,
      EMPTY: empty,
      PREFIX: join(scope.dir, 'usr'),
      NIXIE_LISTEN: listen,
      NIXIE_DATA_DIR: dataDir,
    })
    expect(steps.install).toContain('{"ready":true')
    expect(steps.upgrade).toContain('Stopping Nixie')
    expect(steps.upgrade).toContain('nixie.db')
    expect(steps.damaged).toContain('the SHA-256 of nixie-linux')
    expect(steps.damaged).toContain('ended with 1')
    expect(steps.damaged).toContain('{"ready":true')
    expect(steps.missing).toContain("SHA256SUMS can't be downloaded")
    expect(existsSync(dataDir)).toBe(false)
  })

  test('the commands for a workstation start without what traces, and say what they lack', async () => {
    const target = `linux-${process.arch}`
    const cli = join(root, `dist/nixie-${target}`)
    scope.defer(() => rmSync(cli, { force: true }))
    const built = Bun.spawnSync([process.execPath, 'deploy/build.ts', '--cli', target], { cwd: root })
    expect(`${built.stderr}`).toBe('')
    const say = (...args: string[]) => Bun.spawnSync([cli, ...args])
    expect(`${say('version').stdout}`).toMatch(/^nixie \d/)
    expect(`${say('deploy', '--dry-run', '--kind').stdout}`).toContain('kind: DaemonSet')
    const image = say('image', '--output', join(scope.dir, 'none.tar'))
    expect(image.exitCode).toBe(1)
    expect(`${image.stderr}`).toContain('this executable has none')
    expect(`${image.stderr}`).toContain('--image-archive FILE')
  })

  test('says what it does not know', async () => {
    const child = Bun.spawn(['./install.sh', '--frobnicate'], { cwd: root, stderr: 'pipe', stdout: 'ignore' })
    expect(await new Response(child.stderr).text()).toContain("unknown option '--frobnicate'")
    expect(await child.exited).toBe(1)
  })
})
