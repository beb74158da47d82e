/** A real DNS server with a log of its own, one that never answers, and clients with their own view of what they asked. */
import { execFileSync, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './nixie'
import { freePort, PATIENCE_MS, type Scope, until } from './scope'

/** A question as its client saw it answered. */
export interface Resolved {
  readonly name: string
  readonly type: string
  readonly rcode: string
  /** Data of the answers, sorted. */
  readonly answers: readonly string[]
}

export interface DnsServer {
  readonly port: number
  readonly pid: number
  /** Questions that it logged, of names with the marker in them. */
  questions(marker: string): readonly { name: string; type: string }[]
}

/** Six texts of 800 bytes: more than a datagram takes. */
export const LARGE_TEXTS = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => letter.repeat(800))

/**
 * dnsmasq for the zone `test`: all of `any.test`, records of several types in `web.test`; `*.gone.test` doesn't exist, and
 * `*.silent.test` is asked of the server at `silentPort`. On a free port of IPv4
 * and IPv6 loopback, or on port 53 of `address`.
 */
export async function startDnsmasq(scope: Scope, silentPort: number, address = ''): Promise<DnsServer> {
  const port = address === '' ? await freePort() : 53
  const log = join(scope.dir, `dnsmasq-${address}-${port}.log`)
  const conf = join(scope.dir, `dnsmasq-${address}-${port}.conf`)
  writeFileSync(
    conf,
    [
      ...['no-resolv', 'no-hosts', 'log-queries', 'bind-interfaces', 'user=root', 'pid-file='],
      ...(address === ''
        ? ['listen-address=127.0.0.1', 'listen-address=::1']
        : [`listen-address=${address}`]),
      ...[`port=${port}`, `log-facility=${log}`, 'local=/test/', 'max-tcp-connections=20'],
      ...['address=/any.test/192.0.2.7', 'address=/any.test/2001:db8::7'],
      ...['host-record=web.test,192.0.2.1,2001:db8::1', 'cname=alias.web.test,web.test'],
      ...['srv-host=_sip._tcp.web.test,sip.web.test,5060,10,60', 'mx-host=web.test,mail.web.test,10'],
      ...['caa-record=web.test,0,issue,ca.test', 'txt-record=web.test,v=spf1 -all'],
      ...['naptr-record=web.test,100,10,U,E2U+sip,!^.*$!sip:info@web.test!'],
      ...LARGE_TEXTS.map((text) => `txt-record=large.web.test,${text.match(/.{200}/g)!.join(',')}`),
      `server=/silent.test/127.0.0.1#${silentPort}`,
      '',
    ].join('\n'),
  )
  const command = ['dnsmasq', '--keep-in-foreground', `--conf-file=${conf}`]
  return startServer(scope, command, { port, log, ready: 'started', logged: /query\[([^\]]+)\] (\S+) from/g })
}

/**
 * unbound, in one thread, for names under `any.test` that it is given; of `refused.test` it says nothing, and what it should
 * ask for `fail.test` it mustn't.
 */
export async function startUnbound(scope: Scope, names: readonly string[]): Promise<DnsServer> {
  const port = await freePort()
  const log = join(scope.dir, 'unbound.log')
  const conf = join(scope.dir, 'unbound.conf')
  writeFileSync(
    conf,
    [
      ...[
        'server:',
        `directory: "${scope.dir}"`,
        'chroot: ""',
        'username: ""',
        'pidfile: ""',
        'use-syslog: no',
      ],
      ...[`logfile: "${log}"`, 'log-queries: yes', `interface: 127.0.0.1@${port}`, `interface: ::1@${port}`],
      ...['do-daemonize: no', 'module-config: "iterator"', 'num-threads: 1'],
      ...[
        'local-zone: "test." transparent',
        'local-zone: "any.test." static',
        'local-zone: "refused.test." refuse',
      ],
      ...names.flatMap((name) => [
        `local-data: "${name}.any.test. A 192.0.2.7"`,
        `local-data: "${name}.any.test. AAAA 2001:db8::7"`,
      ]),
      ...['forward-zone:', 'name: "fail.test."', 'forward-addr: 127.0.0.1@1', ''],
    ].join('\n'),
  )
  const command = ['unbound', '-d', '-c', conf]
  return startServer(scope, command, {
    port,
    log,
    ready: 'start of service',
    logged: /info: \S+ (\S+)\. (\S+) IN/g,
  })
}

interface Started {
  readonly port: number
  readonly log: string
  /** What it logs when it listens. */
  readonly ready: string
  /** A question in the log: type and name, in either order. */
  readonly logged: RegExp
}

async function startServer(
  scope: Scope,
  command: readonly string[],
  { port, log, ready, logged }: Started,
): Promise<DnsServer> {
  const [program, ...args] = command
  const child = spawn(program!, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const exited = new Promise<void>((done) => child.on('exit', () => done()))
  scope.defer(async () => {
    child.kill('SIGTERM')
    await exited
  })
  const read = () => (existsSync(log) ? readFileSync(log, 'utf8') : '')
  await until(`${program} listens`, () => read().includes(ready) || child.exitCode !== null)
  if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}: ${read()}`)
  return {
    port,
    pid: child.pid!,
    questions: (marker) =>
      [...read().matchAll(logged)]
        .map(([, one, other]) =>
          one!.includes('.') ? { name: one!, type: other! } : { name: other!, type: one! },
        )
        .filter(({ name }) => name.includes(marker)),
  }
}

/** Takes datagrams and never answers. */
export function startSilent(scope: Scope): Promise<{ readonly port: number; readonly received: number }> {
  return new Promise((done) => {
    const socket = createSocket('udp4')
    let received = 0
    socket.on('message', () => received++)
    socket.bind(0, '127.0.0.1', () =>
      done({
        port: socket.address().port,
        get received() {
          return received
        },
      }),
    )
    scope.defer(() => socket.close())
  })
}

const clients = join(root, 'test/support/clients')

async function run(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { stdout: 'pipe', stderr: 'inherit', timeout: PATIENCE_MS })
  const text = await new Response(child.stdout).text()
  const code = await child.exited
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}: ${text}`)
  return text
}

const lines = (text: string): Resolved[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

/** Exit code and text: dig fails when there is no answer. It asks once, and waits for a minute unless it is told otherwise. */
export async function dig(server: string, port: number, ...args: readonly string[]) {
  const command = ['dig', `@${server}`, '-p', String(port), '+tries=1', '+time=60', ...args]
  const child = Bun.spawn(command, { stdout: 'pipe', stderr: 'inherit', timeout: PATIENCE_MS })
  const text = await new Response(child.stdout).text()
  return { code: await child.exited, text }
}

export const askByNode = async (port: number, marker: string, names: number): Promise<Resolved[]> =>
  lines(await run(['node', join(clients, 'resolve.mjs'), `127.0.0.1:${port}`, marker, String(names)]))

/** Debian's own Python, which has its own dnspython. */
export const askByPython = async (server: string, port: number, marker: string, names: number) =>
  lines(
    await run(['/usr/bin/python3', join(clients, 'resolve.py'), server, String(port), marker, String(names)]),
  )

export async function askByGo(scope: Scope, network: 'udp' | 'tcp', port: number, names: readonly string[]) {
  const program = join(scope.dir, 'go-resolver')
  if (!existsSync(program))
    execFileSync('go', ['build', '-o', program, '.'], {
      cwd: join(clients, 'go-resolver'),
      env: { ...process.env, GOFLAGS: '', GOTOOLCHAIN: 'local', HOME: process.env.HOME ?? scope.dir },
    })
  return lines(await run([program, network, `127.0.0.1:${port}`, ...names]))
}

/** The C library asks the server at `address`, port 53: in a mount namespace with its own resolv.conf. */
export async function askByLibc(scope: Scope, address: string, name: string): Promise<string> {
  const conf = join(scope.dir, 'resolv.conf')
  writeFileSync(conf, `nameserver ${address}\n`)
  const script = `mount --bind "$1" "$(readlink -f /etc/resolv.conf)" && getent ahosts "$2"`
  return run(['unshare', '--mount', 'sh', '-c', script, 'sh', conf, name])
}
