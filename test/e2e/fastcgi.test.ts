/** Each request that nginx, or cgi-fcgi of libfcgi, passed to PHP-FPM has its row, as their own logs have it. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { counted, serve } from '../support/http2'
import { isRoot, Nixie, type Row, root } from '../support/nixie'
import { freePort, Scope, until } from '../support/scope'

const SECRET = 'hunter2'
/** Each is asked so often, on connections that are kept and on those that aren't. */
const TIMES = 4

/** As nginx logs it. */
interface Logged {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly size: number
}

const nginxConf = (port: number, application: number) => `
worker_processes 1;
daemon off;
user root;
pid nginx.pid;
events { worker_connections 256; }
http {
  log_format exchange escape=json '{"method":"$request_method","path":"$request_uri","status":$status,"size":$body_bytes_sent}';
  access_log access.log exchange;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  upstream php { server 127.0.0.1:${application}; keepalive 2; }
  fastcgi_param QUERY_STRING $query_string;
  fastcgi_param REQUEST_METHOD $request_method;
  fastcgi_param CONTENT_TYPE $content_type;
  fastcgi_param CONTENT_LENGTH $content_length;
  fastcgi_param REQUEST_URI $request_uri;
  fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
  fastcgi_param DB_PASSWORD ${SECRET};
  # A log of sizes without the heads of chunks.
  chunked_transfer_encoding off;
  server {
    listen 127.0.0.1:${port};
    root www;
    location /kept/ { rewrite ^/kept(/.*)$ $1 break; fastcgi_keep_conn on; fastcgi_pass php; }
    location / { fastcgi_pass 127.0.0.1:${application}; }
  }
}
`
const fpmConf = (port: number) => `
[global]
error_log = /dev/null
daemonize = no
[www]
user = root
listen = 127.0.0.1:${port}
pm = static
pm.max_children = 2
php_admin_value[error_log] =
php_admin_flag[log_errors] = on
php_admin_flag[display_errors] = off
`

describe.skipIf(!isRoot)('FastCGI (needs root)', () => {
  const scope = new Scope('fastcgi')
  let nixie: Nixie
  let port: number
  let application: number
  let dir: string
  let log: Logged[]
  let rows: Row[]

  const php = () => join('/usr/sbin', readdirSync('/usr/sbin').find((name) => /^php-fpm\d/.test(name))!)
  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init })
    await answer.arrayBuffer()
  }
  const found = () =>
    nixie.query(`import px
df = px.DataFrame('fastcgi_events', start_time='-10m')
df.pid = px.upid_to_pid(df.upid)
px.display(df[df.local_port == ${application}])
`)

  async function askAll(place: string): Promise<void> {
    for (const what of ['teapot', 'redirect', 'warn', 'large', 'fail', 'plain'])
      await ask(`${place}/app.php?do=${what}&token=${SECRET}`, {
        headers: { authorization: `Bearer ${SECRET}`, cookie: `session=${SECRET}` },
      })
    await ask(`${place}/missing.php`)
    await ask(`${place}/app.php?do=head`, { method: 'HEAD' })
    await ask(`${place}/app.php?do=form`, {
      method: 'POST',
      body: new URLSearchParams({ item: 'kettle', password: SECRET }),
    })
    await ask(`${place}/app.php?do=upload`, { method: 'PUT', body: 'u'.repeat(150_000) })
  }

  beforeAll(async () => {
    dir = join(scope.dir, 'nginx')
    mkdirSync(join(dir, 'www'), { recursive: true })
    copyFileSync(join(root, 'test/support/servers/fastcgi.php'), join(dir, 'www/app.php'))
    ;[port, application] = [await freePort(), await freePort()]
    writeFileSync(join(dir, 'nginx.conf'), nginxConf(port, application))
    writeFileSync(join(dir, 'fpm.conf'), fpmConf(application))
    await serve(scope, [php(), '-R', '-F', '-n', '-y', join(dir, 'fpm.conf')], [application])
    const nginx = ['nginx', '-p', dir, '-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')]
    await serve(scope, [...nginx, '-g', 'master_process off;'], [port])
    nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
    for (let i = 0; i < TIMES; i++) for (const place of ['', '/kept']) await askAll(place)
    log = await until('the log of nginx', () => {
      const lines = readFileSync(join(dir, 'access.log'), 'utf8').trim().split('\n')
      return lines.length >= 2 * TIMES * 10 && lines.map((line) => JSON.parse(line) as Logged)
    })
    rows = await until('rows of all requests', async () => {
      const all = await found()
      return all.length >= log.length && all
    })
  }, 240_000)
  afterAll(() => scope.close(), 15_000)

  test('every request of nginx, with its status and the size of its content', () => {
    const safe = (path: string) => path.replace(SECRET, '[redacted]')
    // A response to HEAD has its content here: nginx leaves it out.
    const sizeOf = (path: string, size: number) => (path.includes('do=head') ? 0 : size)
    expect(
      counted(
        rows.map(({ req_method, req_path, resp_status, resp_body_size }) => [
          req_method,
          req_path,
          resp_status,
          sizeOf(String(req_path), Number(resp_body_size)),
        ]),
      ),
    ).toEqual(
      counted(log.map(({ method, path, status, size }) => [method, safe(path), status, sizeOf(path, size)])),
    )
    for (const row of rows)
      expect(row).toMatchObject({
        outcome: 'complete',
        role: 'responder',
        protocol_status: 'complete',
        app_status: 0,
        aborted: false,
        trace_role: 2,
        keeps: String(row.req_path).startsWith('/kept/'),
      })
  })

  test('what the application says beside its answer, and what it was given', () => {
    const of = (what: string) =>
      rows.find(({ req_path }) => String(req_path).startsWith(`/app.php?do=${what}`))!
    expect(of('warn')).toMatchObject({ resp_body: 'warned', stderr: 'PHP message: the kettle is empty' })
    expect(String(of('fail').stderr)).toContain('no water')
    expect(rows.find(({ req_path }) => req_path === '/missing.php')).toMatchObject({
      stderr: 'Primary script unknown',
      resp_body: 'File not found.\n',
      script: join(dir, 'www/missing.php'),
    })
    expect(of('form')).toMatchObject({ req_body: 'item=kettle&password=[redacted]', resp_status: 200 })
    expect(of('upload')).toMatchObject({ req_body_size: 150_000, req_body: 'u'.repeat(1024) })
    expect(JSON.parse(String(of('upload').resp_body))).toEqual({ received: 150_000, method: 'PUT' })
    expect(of('large')).toMatchObject({
      resp_body_size: 400_000,
      resp_body: '0123456789'.repeat(103).slice(0, 1024),
    })
    expect(JSON.parse(String(of('plain').req_params))).toMatchObject({
      HTTP_AUTHORIZATION: '[redacted]',
      HTTP_COOKIE: '[redacted]',
      DB_PASSWORD: '[redacted]',
      SCRIPT_FILENAME: join(dir, 'www/app.php'),
    })
    expect(JSON.stringify(rows)).not.toContain(SECRET)
  })

  test('kept connections carry many requests', () => {
    const perConnection = Object.values(
      Object.groupBy(
        rows.filter(({ keeps }) => keeps === true),
        ({ remote_port }) => String(remote_port),
      ),
    ).map((all) => all!.length)
    expect(Math.max(...perConnection)).toBeGreaterThan(TIMES)
  })

  test('cgi-fcgi, which passes its environment', async () => {
    const env = {
      PATH: process.env.PATH,
      REQUEST_METHOD: 'GET',
      QUERY_STRING: 'do=teapot',
      SCRIPT_NAME: '/by-cgi',
      SCRIPT_FILENAME: join(dir, 'www/app.php'),
    }
    const said = execFileSync('cgi-fcgi', ['-bind', '-connect', `127.0.0.1:${application}`], {
      env,
      input: '',
    })
    expect(said.toString()).toStartWith('Status: 418')
    const row = await until('its row', async () =>
      (await found()).find(({ req_path }) => req_path === '/by-cgi?do=teapot'),
    )
    expect(row).toMatchObject({
      resp_status: 418,
      resp_body: 'short and stout',
      script: env.SCRIPT_FILENAME,
      keeps: false,
      outcome: 'complete',
    })
  })

  test('nixie/fastcgi_data', async () => {
    const { status, tables } = await nixie.ask(
      '/api/run/nixie/fastcgi_data?start_time=-10m&path_filter=do%3Dfail',
    )
    expect(status).toBe(200)
    const named = (name: string) => tables.find((table) => table.name === name)!.rows
    expect(named('fastcgi_data')).toHaveLength(2 * TIMES)
    expect(named('fastcgi_scripts')).toMatchObject([
      { script: join(dir, 'www/app.php'), requests: 2 * TIMES, failures: 2 * TIMES, with_errors: 2 * TIMES },
    ])
  })

  test('nothing was read wrongly', async () => {
    const { losses } = await nixie.status()
    expect(losses.parse).toBe(0)
  })
})
