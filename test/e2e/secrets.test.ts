/** A hundred places of secrets, sent over real connections and given to real processes: no file that Nixie writes has one of them. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { BODIES, COMMANDS, HEADERS, PATHS, plain, secretsIn } from '../redaction/shapes'
import { isRoot, Nixie } from '../support/nixie'
import { textsOnDisk } from '../support/on-disk'
import { freePort, Scope, until } from '../support/scope'

/** Answers with the header fields and the body that it was sent. Behind `/slow` the answer stays unfinished. */
const MIRROR = `
import socket, sys, threading
def serve(s):
    data = b''
    while b'\\r\\n\\r\\n' not in data: data += s.recv(65536)
    head, body = data.split(b'\\r\\n\\r\\n', 1)
    line, fields = head.split(b'\\r\\n', 1)
    length = next(int(f.split(b':')[1]) for f in fields.split(b'\\r\\n') if f.lower().startswith(b'content-length'))
    while len(body) < length: body += s.recv(65536)
    slow = b'/slow' in line
    if slow: fields = fields.replace(b'Content-Length: ', b'Content-Length: 9')
    s.sendall(b'HTTP/1.1 200 OK\\r\\n' + fields + b'\\r\\n\\r\\n' + body)
    s.recv(1)
    s.close()
l = socket.create_server(('127.0.0.1', int(sys.argv[1])), backlog=512)
print('up', flush=True)
while True: threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
`

interface Sent {
  readonly marked: string
  readonly path: string
  readonly head: string
  readonly body: string
}

const sent = (i: number, marked: string, path: string, line: string, type: string, body: string): Sent => ({
  marked,
  path: `${path}${path.includes('?') ? '&' : '?'}seen=${i}`,
  head: `${line}Content-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`,
  body,
})

/** A fragment would hide what is behind it. */
const withoutFragment = (path: string) => path.replace(/#.*$/, '')
const MESSAGES: readonly Sent[] = [
  ...PATHS.map((path) => ({
    marked: path,
    path: withoutFragment(plain(path)),
    line: '',
    type: 'a/b',
    body: '',
  })),
  ...HEADERS.map((line) => ({ marked: line, path: '/h', line: `${plain(line)}\r\n`, type: 'a/b', body: '' })),
  ...BODIES.map(([type, body]) => ({ marked: body, path: '/b', line: '', type, body: plain(body) })),
].map(({ marked, path, line, type, body }, i) => sent(i, marked, path, line, type, body))

/** Sends in two parts: the cut goes through the secret. */
async function send(port: number, { marked, path, head, body }: Sent, scope: Scope): Promise<void> {
  const bytes = `POST ${path} HTTP/1.1\r\nHost: a\r\n${head}\r\n${body}`
  const secret = secretsIn(marked)[0]!
  const cut = bytes.indexOf(secret) + Math.floor(secret.length / 2)
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  scope.defer(() => socket.destroy())
  let said = ''
  socket.on('data', (data) => {
    said += data
  })
  socket.on('error', () => {})
  socket.write(bytes.slice(0, cut))
  await Bun.sleep(2)
  socket.write(bytes.slice(cut))
  await until(`an answer to ${path}`, () => said.includes('\r\n\r\n') && said.endsWith(body))
  if (!path.startsWith('/slow')) socket.end()
}

describe.skipIf(!isRoot)('secrets (needs root)', () => {
  const scope = new Scope('secrets')
  let texts: string[] = []

  beforeAll(async () => {
    const port = await freePort()
    const server = Bun.spawn(['python3', '-c', MIRROR, `${port}`], { stdout: 'pipe' })
    scope.defer(() => server.kill())
    await server.stdout.getReader().read()
    const nixie = await Nixie.start(scope, { flags: ['--redact-extra', 'customer-no,*badge*'] })
    for (const message of MESSAGES) await send(port, message, scope)
    const extra = '{"customerNo":"«hunter2-x1»","badge_id":"«hunter2-x2»"}'
    await send(
      port,
      sent(900, extra, `/x?the-badge=hunter2-x3`, 'Customer-No: hunter2-x4\r\n', 'a/b', plain(extra)),
      scope,
    )
    // Cut off within the secret by the limit of bodies, and under way for long enough to be shown.
    const filler = 'x'.repeat(1000)
    const cut = `{"a":"${filler}","password":"«${'hunter2slow'.repeat(50)}»"}`
    await send(port, sent(901, cut, '/slow', '', 'a/b', plain(cut)), scope)
    COMMANDS.forEach((command, i) => {
      const child = Bun.spawn(['sh', '-c', `read x; : seen-${i}-c`, ...plain(command).split('|')], {
        stdin: 'pipe',
      })
      scope.defer(() => child.kill())
    })
    await until('rows of all', async () => (await nixie.countByPort(port)) >= MESSAGES.length + 2)
    const running = () =>
      nixie.query(
        "import px\ndf = px.DataFrame('http_events', start_time='-5m')\npx.display(df[df.outcome == 'running'])",
      )
    await until('a row of what is under way', async () => (await running()).length > 0)
    await nixie.stop()
    texts = textsOnDisk(nixie.dataDir)
  })
  afterAll(() => scope.close())

  test('all of it is stored', () => {
    const missing = (mark: string) => !texts.some((text) => text.includes(mark))
    expect(MESSAGES.map((_, i) => `seen=${i}`).filter(missing)).toEqual([])
    expect(COMMANDS.map((_, i) => `seen-${i}-c`).filter(missing)).toEqual([])
    expect(['seen=900', 'seen=901', 'hunter2'].map(missing)).toEqual([false, false, true])
  })

  test('and no secret is', () => {
    const all = [...MESSAGES.map(({ marked }) => marked), ...COMMANDS]
    const parts = all.flatMap(secretsIn).flatMap((secret) => secret.split(/[\s"\\]+/))
    // Some have words of any text in them.
    const found = parts.filter(
      (part) => /\d/.test(part) && part.length > 3 && texts.some((text) => text.includes(part)),
    )
    expect(found).toEqual([])
  })
})
