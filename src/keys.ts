/** Tables of our own by name. TypeScript takes their keys for any text, since a value may have more fields than its type. */

/** The keys of a table whose fields are all in its type, such as a constant. */
export const keysOf = <K extends string>(table: Readonly<Partial<Record<K, unknown>>>): K[] =>
  Object.keys(table) as K[]

/** The same value under each key. */
export const recordOf = <K extends string, V>(keys: readonly K[], value: V): Record<K, V> =>
  Object.fromEntries(keys.map((key) => [key, value])) as Record<K, V>
