/** Parameters of a service's record (RFC 9460 §2.2), by name. */
import { type Data, encoded, ipv4, ipv6 } from './data'

const KEYS = 'mandatory alpn no-default-alpn port ipv4hint ech ipv6hint dohpath ohttp'.split(' ')
const MAX_PARAMETERS = 32
/** Values of one parameter that are shown at most. */
const MAX_VALUES = 16

const keyName = (key: number): string => KEYS[key] ?? `key${key}`

type Value = string | number | boolean | readonly (string | number)[]

export function serviceParameters(data: Data): Record<string, Value> {
  const said: Record<string, Value> = {}
  for (let i = 0; i < MAX_PARAMETERS && data.left > 0; i++) {
    const key = data.number(2)
    const value = data.part(data.number(2))
    said[keyName(key)] = shown(key, value)
  }
  return said
}

function shown(key: number, value: Data): Value {
  switch (keyName(key)) {
    case 'mandatory':
      return listOf(value, () => keyName(value.number(2)))
    case 'alpn':
      return listOf(value, () => value.text())
    case 'no-default-alpn':
    case 'ohttp':
      return true
    case 'port':
      return value.number(2)
    case 'ipv4hint':
      return listOf(value, () => ipv4(value))
    case 'ipv6hint':
      return listOf(value, () => ipv6(value))
    case 'dohpath':
      return value.characters(value.left)
    default:
      return encoded(value.rest(), 'base64')
  }
}

function listOf<T>(value: Data, next: () => T): T[] {
  const values: T[] = []
  while (value.left > 0 && values.length < MAX_VALUES) values.push(next())
  return values
}
