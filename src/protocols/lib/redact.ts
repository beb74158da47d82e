/** Replaces secrets before anything is stored; `redaction/` knows what they look like. */

import { REDACTED } from '../../records/redacted'
import { isSecretName } from '../../redaction/names'
import { redactText } from '../../redaction/text'
import { redactUrl } from '../../redaction/url'

export { REDACTED, redactText, redactUrl }

/** The whole value of a header field with such a name is a secret; elsewhere these words have other meanings too. */
const FIELD = /(?:^|-)(?:auth|authentication|sid|session|sign|hmac(?:-sha\d+)?|oidc-data)$|^dpop$/
/** `Fastly-Key`: a key that is named after a product is a secret … */
const KEY = /.[-_]key$/
/** … but one of data, of a cache or of a request only tells which one is meant. */
const OF_DATA =
  /(?:^|[-_])(?:batch|cache|cluster|correlation|dedup\w*|document|entity|event|feature|flag|foreign|group|hash|host|i18n|idempotency|index|issue|item|job|lock|lookup|map|message|object|ordering|partition|policy|primary|project|public|purge|query|quota|rate-?limit|record|request|resource|routing|row|shard|sort|surrogate|tag|tenant|throttle|trace|translation|variant|vary|websocket)[-_]key$/

/** Whether the whole value of a header field is a secret. `name` in lower case. */
export function isSecretHeader(name: string): boolean {
  return isSecretName(name) || FIELD.test(name) || (KEY.test(name) && !OF_DATA.test(name))
}

/** Fields that go with the proof of who connects, and are secrets themselves. */
const BESIDE_SECRETS = new Set('user username nkey'.split(' '))

/** Whether the value of a member of this name, where a client says who it is, is left out of rows. */
export const isCredential = (name: string): boolean =>
  BESIDE_SECRETS.has(name.toLowerCase()) || isSecretHeader(name)

/**
 * A page can give a WebSocket no other header, so credentials are sent as one of its protocols, after a name that says so
 * (`bearer, TOKEN`), or in one word with it (`base64url.bearer.authorization.k8s.io.TOKEN`).
 */
const OF_PROTOCOLS =
  /((?:^|[,.])\s*(?:bearer|basic|jwt|auth(?:orization)?|(?:access|auth|id)?[-_.]?token|api[-_]?key|ticket|session)(?:\.authorization\.k8s\.io)?(?:\s*,\s*|[.:=-]))[^\s,]+/gi

/** The part of a header field's value that is kept. `name` in lower case. */
export function redactHeader(name: string, value: string): string {
  const safe = redactUrl(value)
  return name === 'sec-websocket-protocol' ? safe.replace(OF_PROTOCOLS, `$1${REDACTED}`) : safe
}
