/** Secrets are taken out before anything is stored; what they look like is in `redaction/`. */

import { REDACTED } from '../../records/redacted'
import { isSecretName } from '../../redaction/names'
import { redactText } from '../../redaction/text'
import { redactUrl } from '../../redaction/url'

export { REDACTED, redactText, redactUrl }

/** Fields whose whole value is a secret. `name` in any case. */
export const isSecretHeader = isSecretName
