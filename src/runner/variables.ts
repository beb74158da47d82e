/** The values of a script's variables: the given ones, checked, else the defaults. */
import { NixieError } from '../errors'
import type { DataType } from '../records/types'
import type { ScriptVariable } from '../scripts/bundle'
import { nearest } from '../suggest'

interface VariableType {
  readonly type: DataType
  /** Any value of the type. */
  readonly sample: string
  readonly shape: string
  readonly fits: (text: string) => boolean
}

/** Types of variables that are not just text, as PX_STRING, PX_POD, PX_SERVICE, … are. */
const TYPES: Readonly<Record<string, VariableType>> = {
  PX_INT64: { type: 'INT64', sample: '0', shape: 'an integer', fits: (text) => /^[+-]?\d{1,19}$/.test(text) },
  PX_FLOAT64: {
    type: 'FLOAT64',
    sample: '0',
    shape: 'a number',
    fits: (text) => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && Number.isFinite(Number(text)),
  },
  PX_BOOLEAN: {
    type: 'BOOLEAN',
    sample: 'false',
    shape: 'true or false',
    fits: (text) => /^(true|false)$/i.test(text),
  },
}

/** The data type of a variable's value. */
export const dataTypeOf = (variable: ScriptVariable): DataType => TYPES[variable.type]?.type ?? 'STRING'

/**
 * Every variable with its value, in the order of the declaration. Throws `unknown_argument`, or `bad_request` when a
 * required one is missing or a value has not the variable's type. With `samples` a missing one has any value of its
 * type: columns don't depend on it.
 */
export function bindVariables(
  script: string,
  variables: readonly ScriptVariable[],
  given: Readonly<Record<string, string>>,
  samples = false,
): Record<string, string> {
  const names = variables.map((v) => v.name)
  const unknown = Object.keys(given).find((name) => !names.includes(name))
  if (unknown !== undefined) {
    throw new NixieError(
      'unknown_argument',
      `${script} has no argument '${unknown}'`,
      unknownHint(unknown, names),
    )
  }
  const values: Record<string, string> = {}
  for (const variable of variables) {
    const value = given[variable.name] ?? variable.defaultValue ?? (samples ? sampleOf(variable) : undefined)
    if (value === undefined) {
      const what = `${variable.name} (${variable.type})`
      const hint = variable.description || 'It has no default.'
      throw new NixieError('bad_request', `${script} needs the argument ${what}`, hint)
    }
    values[variable.name] = checked(variable, value)
  }
  return values
}

const sampleOf = ({ type, validValues }: ScriptVariable): string =>
  validValues?.[0] ?? TYPES[type]?.sample ?? ''

function unknownHint(unknown: string, names: readonly string[]): string {
  if (names.length === 0) return 'The script takes no arguments.'
  const near = nearest(unknown, names)
  return `${near === undefined ? '' : `Did you mean '${near}'? `}The arguments are ${names.join(', ')}.`
}

function checked(variable: ScriptVariable, value: string): string {
  const { name, validValues } = variable
  if (validValues && !validValues.includes(value)) {
    const hint = `It is one of ${validValues.join(', ')}.`
    throw new NixieError('bad_request', `${name}: '${value.slice(0, 60)}' is not one of its values`, hint)
  }
  const type = TYPES[variable.type]
  const text = type ? value.trim() : value
  if (!type || type.fits(text)) return text
  const hint = `Give ${name} ${type.shape}${variable.defaultValue ? `, such as ${variable.defaultValue}` : ''}.`
  throw new NixieError('bad_request', `${name}: '${value.slice(0, 60)}' is not ${type.shape}`, hint)
}
