import { afterEach, describe, expect, test } from 'bun:test'
import { secrecyOf } from '../../src/redaction/names'
import { literalOf, redactAlso, redactText } from '../../src/redaction/text'
import { cpuMs } from '../support/cpu-time'

afterEach(() => redactAlso([]))

describe('names', () => {
  test.each([
    ['always', 'token tokenValue my_token_2 ACCESS_TOKEN accessToken x-auth-token csrfToken xsrf-token'],
    [
      'always',
      'secret clientSecret SECRET_KEY_BASE my.secret.value password oldPassword2 passwd pwd dbpass PGPASSWORD',
    ],
    [
      'always',
      'signature X-Amz-Signature Signature256 api_key apiKey API-KEY x-rapidapi-key subscription-key sig pw otp',
    ],
    [
      'always',
      'authorization proxy-authorization cookie set-cookie credentials privateKey connectionString PHPSESSID',
    ],
    ['always', 'PassWord ToKen sEcReT myPassWord userToKen SIGNature APIkey'],
    [
      'always',
      'ssn userSsn SSN social_security_number Passwort dbPasswort kennwort wachtwoord mot_de_passe contrasena',
    ],
    ['always', 'api\u00a0key pass\u00a0word'],
    ['never', 'session_name lessn ssn_count className passwortAge'],
    ['never', 'authorization_mode authorizationModes toKenCount'],
    ['random', 'key auth sid state code hmac'],
    [
      'never',
      'tokens_used tokens_evaluated tokensPredicted tokenType token_endpoint max_tokens tokenizer nextPageToken page_token secretName secretary',
    ],
    [
      'never',
      'passwordPolicy hasPassword signatureAlgorithm signal design monkey compass passenger author keyboard pint',
    ],
    [
      'never',
      'primary_key cache-key sort_key public_key idempotency-key sec-websocket-key cookie-count id name',
    ],
  ] as const)('%s: %s', (secrecy, names) => {
    for (const name of names.split(' ')) expect(secrecyOf(name), name).toBe(secrecy)
  })

  test('with blanks within and behind them, of any kind', () => {
    for (const blank of [' ', '\u00a0', '\u2003'])
      for (const name of ['secret_key', 'secret_access_key', 'password_', 'token_value', '_password'])
        expect(redactText(`{"${name.replaceAll('_', blank)}":"hunter2","a":1}`)).toMatch(
          /^\{"[^"]+":"\[redacted\]","a":1\}$/,
        )
    for (const name of ['api', 'access'])
      for (const blank of [' ', '\u00a0'])
        expect(redactText(`{"${name}${blank}key":"hunter2"}`)).not.toContain('hunter2')
    expect(redactText('password\u00a0= hunter2\nsecret\u00a0:\u00a0hunter2')).not.toContain('hunter2')
    const sentences = '{"the password is what you chose":"a","any token of this shop at all":"b"}'
    expect(redactText(sentences)).toBe(sentences)
  })

  test('a name that is too long is none', () => {
    expect(secrecyOf('token'.repeat(30))).toBe('never')
  })
})

describe('names that the user adds', () => {
  test.each([
    ['customer-no', 'customer_no customerNo CUSTOMER-NO customer.no', 'my-customer-no customer-nos number'],
    ['*badge*', 'badge the-badge badge_id myBadge7', 'bad-e-x badly'],
    ['emp*no', 'emp-no empNo employee_no', 'emp-no-1 temp-no-x'],
    ['a*bcd*a', 'a-bcd-a axbcdya', 'abcd bcda'],
  ])('%s', (shape, secret, other) => {
    redactAlso([shape])
    for (const name of secret.split(' ')) expect(secrecyOf(name), name).toBe('always')
    for (const name of other.split(' ')) expect(secrecyOf(name), name).toBe('never')
    expect(redactText(`{"${secret.split(' ')[0]}":"abc","x":1}`)).toContain(':"[redacted]","x":1}')
  })

  test('stars take no time', () => {
    redactAlso([`aaa${'*a'.repeat(60)}*b`])
    const ms = cpuMs(() => {
      for (let i = 0; i < 100; i++) secrecyOf(`${'a'.repeat(120)}${i}`)
    })
    expect(ms).toBeLessThan(100)
  })

  test('only with a part that texts can be searched for', () => {
    expect(literalOf('*')).toBe('')
    expect(literalOf('a*bc')).toBe('')
    expect(literalOf('ab-customer*')).toBe('customer')
  })
})
