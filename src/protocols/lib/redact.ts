/** Secrets are taken out before anything is stored; what they look like is in `redaction/`. */

import { REDACTED } from '../../records/redacted'
import { isSecretName } from '../../redaction/names'
import { redactText } from '../../redaction/text'
import { redactUrl } from '../../redaction/url'

export { REDACTED, redactText, redactUrl }

/** What a field of this name has is a secret as a whole; elsewhere these name other things as well. */
const FIELD = /(?:^|-)(?:auth|sid|session|hmac(?:-sha\d+)?|oidc-data|(?:cert|tls|ssl)-key)$|^dpop$/

/** Whether the whole value of a header field is a secret. `name` in lower case. */
export function isSecretHeader(name: string): boolean {
  return isSecretName(name) || FIELD.test(name)
}

/**
 * Browsers can give a WebSocket no other header, so credentials go as one of its protocols, behind a name that says so:
 * `bearer, TOKEN`, or in one with it: `base64url.bearer.authorization.k8s.io.TOKEN`.
 */
const OF_PROTOCOLS =
  /((?:^|[,.])\s*(?:bearer|basic|jwt|auth(?:orization)?|(?:access|auth|id)?[-_.]?token|api[-_]?key|ticket|session)(?:\.authorization\.k8s\.io)?(?:\s*,\s*|[.:=-]))[^\s,]+/gi

/** What is kept of a header field's value. `name` in lower case. */
export function redactHeader(name: string, value: string): string {
  const safe = redactUrl(value)
  return name === 'sec-websocket-protocol' ? safe.replace(OF_PROTOCOLS, `$1${REDACTED}`) : safe
}
