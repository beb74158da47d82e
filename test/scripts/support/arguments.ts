/** Arguments for scripts whose variables have no value by themselves. */

interface Variable {
  readonly name: string
  readonly type: string
  readonly defaultValue?: string | undefined
}

/** Type of a variable → its value. */
export type Values = Readonly<Record<string, string>>

/** Of the kind that is asked for, and of nothing that there is. */
export const ANYTHING: Values = {
  PX_NAMESPACE: 'default',
  PX_POD: 'default/web',
  PX_SERVICE: 'default/web',
  PX_NODE: 'node-1',
  PX_STRING: 'something',
}

/** In `cluster` of cluster.ts. */
export const IN_SHOP: Values = {
  PX_NAMESPACE: 'shop',
  PX_POD: 'shop/web-1',
  PX_SERVICE: 'shop/web',
  PX_NODE: 'node-1',
  PX_STRING: 'shop',
}

/** @throws Error when the values have none of a variable's type */
export function argumentsFor(variables: readonly Variable[], values: Values): Record<string, string> {
  const args: Record<string, string> = {}
  for (const { name, type, defaultValue } of variables) {
    if (defaultValue !== undefined) continue
    const value = values[type]
    if (value === undefined) throw new Error(`no value for ${name}, which is a ${type}`)
    args[name] = value
  }
  return args
}
