/** Secrets are taken out before anything is stored; what they look like is in `redaction/`. */

import { REDACTED } from '../../records/redacted'
import { isSecretName } from '../../redaction/names'
import { redactText } from '../../redaction/text'
import { redactUrl } from '../../redaction/url'

export { REDACTED, redactText, redactUrl }

/** What a field of this name has is a secret as a whole; elsewhere these name other things as well. */
const FIELD = /(?:^|-)(?:auth|sid|session|hmac(?:-sha\d+)?)$/

/** Whether the whole value of a header field is a secret. `name` in lower case. */
export function isSecretHeader(name: string): boolean {
  return isSecretName(name) || FIELD.test(name)
}
