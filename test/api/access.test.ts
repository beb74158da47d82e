/** Host, Origin, token and headers: who may ask, and what a browser may do with the answer. */
import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostOf, readToken } from '../../src/api/access'
import { NixieError } from '../../src/errors'
import { testApp } from '../support/app'

const ask = async (flags: Record<string, string>, host: string, token?: string) => {
  const { app } = testApp(flags, token === undefined ? {} : { token })
  const headers: Record<string, string> = { host }
  if (token !== undefined) headers.authorization = `Bearer ${token}`
  return (await app.request('/api/tables', { headers })).status
}

describe('Host', () => {
  for (const host of [
    'localhost',
    'localhost:6494',
    'LOCALHOST:8080',
    'localhost.:6494',
    'nixie.localhost',
    '127.0.0.1:6494',
    '127.1.2.3',
    '[::1]:6494',
    '[::1]',
  ]) {
    test(`${host} is loopback`, async () => expect(await ask({}, host)).toBe(200))
  }

  for (const host of [
    'evil.example',
    'evil.example:6494',
    'localhost.evil.example',
    'evil-localhost',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    '1127.0.0.1',
    '[::2]',
    '[::1].evil.example.',
    'evil.example#localhost',
    'localhost@evil.example',
    ' ',
  ]) {
    test(`${host} is refused`, async () => expect(await ask({}, host)).toBe(403))
  }

  test('the listen address and configured names are good', async () => {
    const flags = { listen: '192.0.2.1:80', 'allowed-hosts': 'nixie.lan, Edge.Example:443' }
    expect(await ask(flags, '192.0.2.1', 't')).toBe(200)
    expect(await ask(flags, 'nixie.lan:8080', 't')).toBe(200)
    expect(await ask(flags, 'edge.example', 't')).toBe(200)
    expect(await ask(flags, '192.0.2.2', 't')).toBe(403)
    expect(await ask(flags, 'other.example', 't')).toBe(403)
  })

  test('behind a wildcard any address is good, no name is', async () => {
    expect(await ask({ listen: '0.0.0.0:6494' }, '10.1.2.3:6494', 't')).toBe(200)
    expect(await ask({ listen: '[::]:6494' }, '[2001:db8::1]:6494', 't')).toBe(200)
    expect(await ask({ listen: '0.0.0.0:6494' }, 'evil.example', 't')).toBe(403)
  })

  test('hostOf takes the authority apart', () => {
    expect(hostOf('[2001:DB8::1]:80')).toBe('2001:db8::1')
    expect(hostOf('Example.COM.:80')).toBe('example.com')
    expect(hostOf('example.com')).toBe('example.com')
  })
})

describe('Origin', () => {
  const post = async (origin: string, host = 'localhost:6494') => {
    const init = { method: 'POST', body: 'import px', headers: { host, origin } }
    return (await testApp().app.request('/api/query', init)).status
  }

  test('our own page may post, no other', async () => {
    expect(await post('http://localhost:6494')).toBe(200)
    expect(await post('http://localhost:3000')).toBe(403)
    expect(await post('null')).toBe(403)
    expect(await post('http://evil.example')).toBe(403)
  })
})

describe('token', () => {
  const withToken = (headers: Record<string, string>, path = '/api/tables') =>
    testApp({ listen: '0.0.0.0:6494' }, { token: 'right' }).app.request(path, {
      headers: { host: '10.0.0.1', ...headers },
    })

  test('is asked for on every path but /healthz', async () => {
    for (const path of ['/', '/api/tables', '/api/status', '/metrics', '/openapi.json', '/nothing']) {
      expect((await withToken({}, path)).status).toBe(401)
    }
    expect((await withToken({ host: 'probe.cluster' }, '/healthz')).status).toBe(200)
  })

  test('comes as Bearer, or as the password of Basic', async () => {
    expect((await withToken({ authorization: 'Bearer right' })).status).toBe(200)
    expect((await withToken({ authorization: 'bearer  right' })).status).toBe(200)
    expect((await withToken({ authorization: `Basic ${btoa('any:right')}` })).status).toBe(200)
    for (const authorization of [
      'Bearer right2',
      'Bearer righ',
      'Bearer',
      'right',
      `Basic ${btoa('right:')}`,
      `Basic ${btoa('wrong:no')}`,
      'Digest right',
    ]) {
      expect((await withToken({ authorization })).status).toBe(401)
    }
  })

  test('never comes in the URL', async () => {
    expect((await withToken({}, '/api/tables?token=right')).status).toBe(401)
  })

  test('the refusal says how to give it', async () => {
    const response = await withToken({})
    expect(response.headers.get('www-authenticate')).toBe(
      'Bearer realm="nixie", Basic realm="nixie", charset="UTF-8"',
    )
  })

  test('no app listens beyond loopback without one', () => {
    for (const listen of ['0.0.0.0:6494', '[::]:6494', '192.0.2.1:80', 'edge.example:80']) {
      expect(() => testApp({ listen })).toThrow(NixieError)
    }
    for (const listen of ['127.0.0.1:0', '[::1]:1', 'localhost:1']) testApp({ listen })
  })

  test('a token on loopback is asked for too', async () => {
    const { app } = testApp({}, { token: 'right' })
    expect((await app.request('/api/tables')).status).toBe(401)
  })
})

describe('readToken', () => {
  const dir = mkdtempSync(join(tmpdir(), 'nixie-token-'))
  const file = (text: string) => {
    const path = join(dir, 'token')
    writeFileSync(path, text)
    return path
  }

  test('reads one word', () => {
    expect(readToken({ listen: '0.0.0.0:1', tokenFile: file('abc\n') })).toBe('abc')
    expect(readToken({ listen: '127.0.0.1:1', tokenFile: '' })).toBeUndefined()
  })

  test('refuses no word, two words, no file, and no token beyond loopback', () => {
    expect(() => readToken({ listen: '127.0.0.1:1', tokenFile: file(' \n') })).toThrow('holds no token')
    expect(() => readToken({ listen: '127.0.0.1:1', tokenFile: file('a b') })).toThrow('holds no token')
    expect(() => readToken({ listen: '127.0.0.1:1', tokenFile: join(dir, 'none') })).toThrow("can't be read")
    expect(() => readToken({ listen: '0.0.0.0:1', tokenFile: '' })).toThrow('needs a token')
    rmSync(dir, { recursive: true })
  })
})

describe('headers', () => {
  test('every answer forbids what a page must not do', async () => {
    for (const path of ['/', '/api/tables', '/nothing', '/healthz']) {
      const { headers } = await testApp().app.request(path)
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
      )
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('same-origin')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    }
  })

  test('a refusal carries them too', async () => {
    const { headers } = await testApp().app.request('/', { headers: { host: 'evil.example' } })
    expect(headers.get('content-security-policy')).toStartWith("default-src 'none'")
  })

  test('captured data is not kept by caches', async () => {
    const { headers } = await testApp().app.request('/api/run/px/http_data')
    expect(headers.get('cache-control')).toBe('no-store')
  })
})
