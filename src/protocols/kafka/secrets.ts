/** What of a message may not be shown. Values of type `bytes` (tokens, hashes, keys of records) are never shown at all. */
import { redactText } from '../lib/redact'
import { isSecretKey } from '../lib/secret-keys'

/** Settings of brokers and topics whose values are secrets: `ssl.keystore.key`, `sasl.jaas.config`, and those behind a listener's name. */
const SETTING = /password|secret|credential|jaas\.config$|keystore\.key$|private\.key/i
/** A text without these has no name of a secret in it, and is no URL. */
const TELLING = /[=:@ ]/

export const isSecretSetting = (name: string): boolean => SETTING.test(name) || isSecretKey(name)

export const safeText = (text: string): string =>
  text.length > 8 && TELLING.test(text) ? redactText(text) : text

/** Fields that prove who somebody is. */
export const SECRET_FIELDS: ReadonlySet<string> = new Set(['auth_bytes', 'hmac', 'salt', 'salted_password'])
