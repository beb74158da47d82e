/** Passwords of logins within binary protocols. */
import { expect, test } from 'bun:test'
import { redactTape } from '../../src/recording/redact'
import * as Cql from '../protocols/cql/talk'
import { Wire } from '../streams/wire'
import { payloadsOf, tapeOf } from './tapes'

const login = Cql.authResponse(1, '\0bob\0secret')
const safe = Cql.authResponse(1, '\0bob\0xxxxxx')

test.each([
  ['alone', '', ''],
  ['with text behind it', '', 'readable'],
  ['behind another message', Cql.query(0, 'SELECT a FROM b'), Cql.query(2, 'SELECT c FROM d')],
])('of SASL PLAIN: %s', (_, before, behind) => {
  const wire = new Wire()
  const tape = tapeOf([wire.request(Cql.startup(0)), wire.request(before + login + behind)])
  expect(redactTape(tape).secret).toBe(6)
  expect(payloadsOf(tape)[1]).toBe(before + safe + behind)
})

test('what only looks like one stays', () => {
  const wire = new Wire()
  const texts = [
    Cql.startup(0),
    Cql.register(1, ['STATUS_CHANGE']),
    '\0bob\0secret',
    '\0\0\0\x7f\0bob\0secret',
  ]
  const tape = tapeOf(texts.map((text) => wire.request(text)))
  expect(redactTape(tape).secret).toBe(0)
  expect(payloadsOf(tape)).toEqual(texts)
})
