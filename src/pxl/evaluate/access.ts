/** What `object.name` and `object[index]` are. All throw NixieError. */
import { NixieError } from '../../errors'
import type { Node } from '../../query/plan'
import { nameHint } from '../../suggest'
import { contextColumn, tracedProcess } from '../frames/context'
import { asExpr, columnOf } from '../frames/expressions'
import { filter, keep } from '../frames/frames'
import { METHOD_HINTS } from '../language/not-pxl'
import type { SourceText } from '../language/source-text'
import { memberOf } from '../modules/modules'
import { namesOf } from '../values/arguments'
import { describe, type PlacedValue, type Value } from '../values/values'
import { FOLLOWS, hasMethod, METHOD_NAMES } from './methods'

/** `object.name`: a column goes before a method of its name. */
export function attributeOf(object: Value, name: string): Value {
  if (object.kind === 'module') return memberOf(object, name)
  if (object.kind === 'frame') {
    const { node } = object
    if (name === 'ctx') return { kind: 'context', node }
    const isColumn = node.columns.some((c) => c.name === name)
    if (!isColumn && hasMethod(object, name)) return { kind: 'method', name, of: object }
    return columnValue(node, name)
  }
  if (hasMethod(object, name)) return { kind: 'method', name, of: object }
  const hint = FOLLOWS[object.kind] ?? 'Columns belong to a dataframe: df.name.'
  throw new NixieError('type_error', `${describe(object)} has no attribute '${name}'`, hint)
}

function columnValue(node: Node, name: string): Value {
  const made = name === 'upid' && !node.columns.some((c) => c.name === name) ? tracedProcess(node) : undefined
  return { kind: 'column', expr: made ?? columnOf(node, name) }
}

/** `object.name` where it is called: the method, even beside a column of its name. */
export function calleeOf(object: Value, name: string): Value {
  if (hasMethod(object, name)) return { kind: 'method', name, of: object }
  if (object.kind !== 'frame' || object.node.columns.some((c) => c.name === name))
    return attributeOf(object, name)
  const hint = Object.hasOwn(METHOD_HINTS, name) ? METHOD_HINTS[name] : undefined
  throw new NixieError(
    'compile_error',
    `A dataframe has no method ${name.slice(0, 80)}`,
    hint ?? nameHint(name, METHOD_NAMES, 'methods'),
  )
}

/** `object[index]` */
export function elementOf(object: Value, index: PlacedValue, source: SourceText): Value {
  const { value } = index
  switch (object.kind) {
    case 'frame':
      return selection(object.node, index, source)
    case 'context':
      if (value.kind === 'constant' && typeof value.value === 'string') {
        return { kind: 'column', expr: contextColumn(object.node, value.value) }
      }
      throw new NixieError('type_error', `df.ctx takes a key, not ${describe(value)}`, "Write df.ctx['pod'].")
    case 'list':
    case 'tuple': {
      const place = value.kind === 'constant' ? Number(value.value) : Number.NaN
      const item = object.items.at(place)
      if (item && Number.isInteger(place)) return item.value
      throw new NixieError(
        'compile_error',
        `The list has no element ${describe(value)}`,
        'Elements count from 0.',
      )
    }
    default:
      throw new NixieError(
        'type_error',
        `${describe(object)} has no elements`,
        "A dataframe has: df['column'].",
      )
  }
}

/** `df['a']`, `df[['a', 'b']]`, `df[condition]`. */
function selection(node: Node, { value, at }: PlacedValue, source: SourceText): Value {
  if (value.kind === 'column') return { kind: 'frame', node: filter(node, value.expr) }
  if (value.kind === 'constant' && typeof value.value === 'string') {
    return columnValue(node, value.value)
  }
  if (value.kind === 'constant' && value.type === 'BOOLEAN') {
    return { kind: 'frame', node: filter(node, asExpr(value, 'The condition')) }
  }
  if (value.kind === 'list' || value.kind === 'tuple') {
    const names = namesOf({ value, at }, source, 'The columns to keep', (name) => columnOf(node, name))
    return { kind: 'frame', node: keep(node, names) }
  }
  throw new NixieError(
    'type_error',
    `A dataframe cannot be subscripted with ${describe(value)}`,
    "Write df['column'], df[['a', 'b']] or df[condition].",
  )
}
