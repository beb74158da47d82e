/** Keys and fields of stores (Redis, Memcached) that are named as secrets. */
import { isSecretName } from '../../redaction/names'

/** A word that may be the name of one: others aren't looked up. */
const WORD = /^[A-Za-z][A-Za-z_.-]*\d?[A-Za-z_.-]*$/
const LONGEST_NAME = 64
const LONGEST_KEY = 512

export const isSecretWord = (text: string): boolean =>
  text.length >= 2 && text.length <= LONGEST_NAME && WORD.test(text) && isSecretName(text)

/** Whether a key is named as a secret: `user:7:password`. */
export function isSecretKey(key: string): boolean {
  if (key.length > LONGEST_KEY) return false
  const from = Math.max(key.lastIndexOf(':'), key.lastIndexOf('/')) + 1
  return isSecretWord(from === 0 ? key : key.slice(from))
}
