/** Calls functions that no view calls, with made-up arguments, to find errors in them. */
import { type ErrorShape, NixieError } from '../../errors'
import { type ArgumentText, type CompiledModule, callFunction } from '../compile'
import { parse } from '../language/parse'
import { SourceText } from '../language/source-text'
import type { Expression, Parameter } from '../language/syntax'

/** Two values for each parameter: an error that occurs with both doesn't come from the value. */
const TEXTS: readonly [ArgumentText, ArgumentText] = [{ text: '-5m' }, { text: '-6m' }]
/** Times too, but of another type. */
const ANYTHING: readonly [ArgumentText, ArgumentText] = [{ text: '-5m' }, { text: '7', type: 'INT64' }]
const NUMBERS: readonly [ArgumentText, ArgumentText] = [{ text: '1' }, { text: '2' }]
const FLAGS: readonly [ArgumentText, ArgumentText] = [{ text: 'true' }, { text: 'false' }]

/** The first error of each function that doesn't depend on its arguments. */
export function trialErrors(text: string, module: CompiledModule): ErrorShape[] {
  const source = new SourceText('script', text)
  const errors: ErrorShape[] = []
  for (const statement of parse(source)) {
    if (statement.kind !== 'function') continue
    const { name, params, at } = statement
    const needed = params.filter((param) => !param.fallback)
    // No dataframe can be made up for a test call.
    if (needed.some((param) => wordOf(param.annotation) === 'DataFrame')) continue
    const first = failure(module, name, needed, 0)
    if (!first || first.code === 'bad_request') continue
    const { line, column } = source.position(at)
    // The error is at the function's head: it returns no dataframe, so it is a helper of other functions.
    if (first.line === line && first.column === column) continue
    const second = needed.length === 0 ? first : failure(module, name, needed, 1)
    if (second?.message === first.message && second.line === first.line) errors.push(first)
  }
  return errors
}

function failure(
  module: CompiledModule,
  name: string,
  params: readonly Parameter[],
  variant: 0 | 1,
): ErrorShape | undefined {
  const args = Object.fromEntries(params.map((param) => [param.name, valuesFor(param)[variant]]))
  try {
    callFunction(module, name, args)
    return undefined
  } catch (cause) {
    return NixieError.from(cause).shape
  }
}

function valuesFor({ annotation }: Parameter): readonly [ArgumentText, ArgumentText] {
  const word = wordOf(annotation)
  if (word === undefined) return ANYTHING
  if (word === 'int' || word === 'float') return NUMBERS
  return word === 'bool' ? FLAGS : TEXTS
}

/** `px.Pod` → `Pod`, `str` → `str`. */
function wordOf(annotation: Expression | undefined): string | undefined {
  if (annotation?.kind === 'name' || annotation?.kind === 'attribute') return annotation.name
  return undefined
}
