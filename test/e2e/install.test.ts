/** install.sh with the built binary: install, upgrade, uninstall, in a mount namespace whose system folders are its own. */
import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { isRoot, root } from '../support/nixie'
import { freePort, Scope } from '../support/scope'

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
step uninstall
./install.sh --uninstall
ls "$DATA_DIR"
step taken
python3 -m http.server --bind 127.0.0.1 "\${listen##*:}" >/dev/null 2>&1 & other=$!
n=0; until curl -s -o /dev/null "http://$listen/"; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.1; done
NIXIE_LISTEN=$listen ./install.sh --no-build 2>&1 || echo "ended with $?"
kill $other; wait $other 2>/dev/null || true
step purge
NIXIE_DATA_DIR=$DATA_DIR ./install.sh --uninstall --purge
ls -d "$DATA_DIR" "$PREFIX/bin/nixie" 2>&1 || true
`

describe.skipIf(!isRoot)('install.sh (needs root)', () => {
  const scope = new Scope('install')
  afterAll(() => scope.close(), 15_000)

  test('installs, upgrades keeping data and settings, uninstalls', async () => {
    const listen = `127.0.0.1:${await freePort()}`
    const dataDir = join(scope.dir, 'lib/nixie')
    const prefix = join(scope.dir, 'usr')
    const child = Bun.spawn(['unshare', '-m', 'sh', '-c', SCRIPT], {
      cwd: root,
      env: {
        ...process.env,
        PREFIX: prefix,
        DATA_DIR: dataDir,
        NIXIE_LISTEN: listen,
        NIXIE_DATA_DIR: dataDir,
      },
      stdout: 'pipe',
      stderr: 'pipe',
      timeout: 110_000,
    })
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ])
    const code = await child.exited
    if (code !== 0) throw new Error(`ended with ${code}\n${out}\n${err}`)
    const steps = Object.fromEntries(
      out.split('\n## ').map((part) => [part.split('\n')[0]!, part.split('\n').slice(1).join('\n')]),
    )
    expect(steps.install).toContain(`http://${listen}/`)
    expect(steps.install).toContain('curl -s')
    const [health, pid, exe] = steps.ask!.trim().split('\n')
    expect(JSON.parse(health!)).toMatchObject({ ready: true })
    expect(exe).toBe(join(prefix, 'bin/nixie'))
    expect(steps.upgrade).toContain(`Stopping Nixie (pid ${pid})`)
    expect(steps.upgrade!.trim().split('\n').at(-1)).not.toBe(pid)
    expect(JSON.parse(steps.running!)).toEqual([true, dataDir, listen])
    expect(steps.uninstall).toContain('nixie.db')
    expect(steps.taken).toContain(`something else answers on ${listen}`)
    expect(steps.taken).toContain('ended with 1')
    expect([existsSync(dataDir), existsSync(join(prefix, 'bin/nixie'))]).toEqual([false, false])
    // Its entry may stay until whoever adopted it looks; its program is gone.
    expect(() => readlinkSync(`/proc/${pid}/exe`)).toThrow()
  }, 120_000)

  test('says what it does not know', async () => {
    const child = Bun.spawn(['./install.sh', '--frobnicate'], { cwd: root, stderr: 'pipe', stdout: 'ignore' })
    expect(await new Response(child.stderr).text()).toContain("unknown option '--frobnicate'")
    expect(await child.exited).toBe(1)
  })
})
