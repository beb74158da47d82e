/**
 * Writes src/protocols/kafka/definitions.ts out of the definitions that are in Kafka's client library (`common/message/*.json`):
 *
 *     bun deploy/kafka-definitions.ts NEWEST-FOLDER OLDER-FOLDER
 *
 * An older release defines the versions that a newer one has dropped.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

interface Field {
  readonly name: string
  readonly type: string
  readonly versions: string
  readonly nullableVersions?: string
  readonly taggedVersions?: string
  readonly tag?: number
  readonly fields?: readonly Field[]
}

interface Definition {
  readonly apiKey: number
  readonly name: string
  readonly type: string
  readonly validVersions: string
  readonly flexibleVersions: string
  readonly fields: readonly Field[]
  readonly commonStructs?: readonly { readonly name: string; readonly fields: readonly Field[] }[]
}

/** First and last version; the last may be open. */
type Range = readonly [from: number, to: number]

const NONE: Range = [1, 0]

export function rangeOf(text: string | undefined): Range {
  if (text === undefined || text === 'none') return NONE
  const [from, to] = text.split('-')
  if (text.endsWith('+')) return [Number.parseInt(text, 10), Number.POSITIVE_INFINITY]
  return [Number(from), Number(to ?? from)]
}

const both = (a: Range, b: Range): Range => [Math.max(a[0], b[0]), Math.min(a[1], b[1])]
const isEmpty = ([from, to]: Range): boolean => from > to

const TYPES: Readonly<Record<string, string>> = {
  bool: 'b',
  int8: 'i8',
  int16: 'i16',
  uint16: 'u16',
  int32: 'i32',
  uint32: 'u32',
  int64: 'i64',
  float64: 'f64',
  uuid: 'id',
  string: 's',
  bytes: 'y',
  records: 'r',
}

/** Topics and partitions have many names in the definitions; in rows they have one, that of Pixie. */
function nameOf(field: Field): string {
  const snake = field.name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase()
  if (field.type === 'string' && (snake === 'topic' || snake === 'topic_name')) return 'name'
  if (field.type === 'int32' && (snake === 'partition' || snake === 'partition_index')) return 'index'
  if (field.type === 'records') return 'message_set'
  if (snake === 'partition_responses') return 'partitions'
  const isOfTopics = field.fields?.some(
    ({ name }) => name === 'Topic' || name === 'TopicId' || name === 'Name',
  )
  if (snake === 'topic_data' || (snake === 'responses' && isOfTopics)) return 'topics'
  return snake === 'partition_data' ? 'partitions' : snake
}

/** `@from-to`, as far as it says more than the versions around it. */
function rangeText(mark: string, range: Range, around: Range): string {
  const [from, to] = both(range, around)
  if (from === around[0] && to === around[1]) return mark === '@' ? '' : mark
  return `${mark}${from}${to === around[1] ? '' : `-${to}`}`
}

function fieldText(field: Field, around: Range, structs: ReadonlyMap<string, readonly Field[]>): string {
  const range = both(rangeOf(field.versions), around)
  if (isEmpty(range)) return ''
  const nullable = both(rangeOf(field.nullableVersions), range)
  const tagged = both(rangeOf(field.taggedVersions), range)
  const marks = [
    rangeText('@', range, around),
    isEmpty(nullable) ? '' : rangeText('?', nullable, range),
    isEmpty(tagged) ? '' : `~${field.tag}${rangeText('~', tagged, range).replace(/^~$/, '')}`,
  ]
  return `${nameOf(field)}${marks.join('')}:${typeText(field, range, structs)}`
}

function typeText(field: Field, range: Range, structs: ReadonlyMap<string, readonly Field[]>): string {
  const isArray = field.type.startsWith('[]')
  const type = isArray ? field.type.slice(2) : field.type
  const fields = TYPES[type] === undefined ? (field.fields ?? structs.get(type)) : undefined
  const text = TYPES[type] ?? `{${fieldsText(fields ?? [], range, structs)}}`
  return isArray ? `[${text}]` : text
}

function fieldsText(
  fields: readonly Field[],
  around: Range,
  structs: ReadonlyMap<string, readonly Field[]>,
): string {
  const texts = fields.map((field) => fieldText(field, around, structs))
  return texts.filter((text) => text !== '').join(' ')
}

const bodyText = ({ fields, commonStructs = [] }: Definition, range: Range): string =>
  fieldsText(fields, range, new Map(commonStructs.map((struct) => [struct.name, struct.fields])))

interface Api {
  readonly key: number
  readonly name: string
  readonly range: Range
  readonly flexible: number
  readonly request: Definition
  readonly response: Definition
}

function definitionOf(path: string): Definition {
  const text = readFileSync(path, 'utf8').replaceAll(/^\s*\/\/.*$/gm, '')
  return Bun.JSONC.parse(text) as Definition
}

function apisIn(folder: string): Api[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('Request.json'))
  return names.flatMap((file) => {
    const request = definitionOf(join(folder, file))
    const path = join(folder, file.replace('Request', 'Response'))
    if (request.type !== 'request' || request.validVersions === 'none' || !existsSync(path)) return []
    const name = request.name.replace(/Request$/, '')
    const flexible = rangeOf(request.flexibleVersions)
    const from = isEmpty(flexible) ? Number.POSITIVE_INFINITY : flexible[0]
    const range = rangeOf(request.validVersions)
    return [{ key: request.apiKey, name, range, flexible: from, request, response: definitionOf(path) }]
  })
}

function entry({ key, name, flexible, request, response }: Api, range: Range): string {
  const flexibleText = flexible <= range[1] ? ` ${Math.max(flexible, range[0])}` : ''
  const head = `${key} ${name} ${range[0]}-${range[1]}${flexibleText}`
  return `${head}\n${bodyText(request, range)}\n${bodyText(response, range)}`
}

/** The newest definition for the versions that it knows, and the older one for those that only that knows. */
function entries(newest: Api | undefined, older: Api | undefined): string[] {
  if (!newest) return [entry(older!, older!.range)]
  if (!older || older.range[0] >= newest.range[0]) return [entry(newest, newest.range)]
  const dropped: Range = [older.range[0], newest.range[0] - 1]
  const isSame =
    newest.flexible === older.flexible &&
    bodyText(newest.request, dropped) === bodyText(older.request, dropped) &&
    bodyText(newest.response, dropped) === bodyText(older.response, dropped)
  if (isSame) return [entry(newest, [dropped[0], newest.range[1]])]
  return [entry(older, dropped), entry(newest, newest.range)]
}

export function messages(newestFolder: string, olderFolder: string): string {
  const newest = new Map(apisIn(newestFolder).map((api) => [api.key, api]))
  const older = new Map(apisIn(olderFolder).map((api) => [api.key, api]))
  const keys = [...new Set([...newest.keys(), ...older.keys()])].sort((a, b) => a - b)
  return keys.flatMap((key) => entries(newest.get(key), older.get(key))).join('\n')
}

const HEAD = `/**
 * Every message of Kafka (kafka.apache.org/protocol), written by deploy/kafka-definitions.ts. Three lines for each API:
 *
 *     key name versions, and the first version with compact lengths and tagged fields, if there is one
 *     fields of the request
 *     fields of the response
 *
 * A field is its name, a colon and its type; behind the name \`@from-to\`: its versions, where they are fewer than those around it;
 * \`?from-to\`: those in which it may be null; \`~tag\`, \`~tag~from\`: it is a tagged one (from that version on). Types: b bool, i8 … i64, u16, u32,
 * f64, id UUID, s string, y bytes, r records, […] array, {…} struct.
 */
export const MESSAGES = \`
`

if (import.meta.main) {
  const [newest, older] = process.argv.slice(2)
  if (!newest || !older) throw new Error('usage: bun deploy/kafka-definitions.ts NEWEST-FOLDER OLDER-FOLDER')
  const target = join(resolve(import.meta.dir, '..'), 'src/protocols/kafka/definitions.ts')
  writeFileSync(target, `${HEAD}${messages(newest, older)}\n\`\n`)
}
