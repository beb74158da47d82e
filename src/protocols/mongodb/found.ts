/** What counts in commands and their answers, by the names of members. */
import { utf8 } from '../lib/bytes'
import * as Bson from './bson'
import { numberOf } from './json'

/**
 * Where a member stands, which decides what its name means: in a `command`, an `answer`, its `cursor`, the list `errors` or one `error` of it; a
 * list whose members are `counted`; `nothing` counts. `documents` and `others` are documents in a row.
 */
export type Room =
  | 'command'
  | 'answer'
  | 'cursor'
  | 'errors'
  | 'error'
  | 'last'
  | 'counted'
  | 'nothing'
  | 'documents'
  | 'others'

export interface Found {
  /** Of a request; '' until it is known. */
  command: string
  database: string
  collection: string
  /** An OP_QUERY that is no command. */
  isQuery: boolean
  /** Documents that are sent or returned. */
  documents: number
  /** Documents of an OP_REPLY: the answer to an OP_QUERY that is no command. */
  replied: number
  /** Of an answer; undefined until it is known. */
  ok: boolean | undefined
  /** Documents that were found, inserted or deleted, as the answer counts them. */
  n: number
  modified: number
  /** Some of what was asked failed. */
  hasErrors: boolean
  code: number
  text: string
}

export const newFound = (): Found => ({
  command: '',
  database: '',
  collection: '',
  isQuery: false,
  documents: 0,
  replied: 0,
  ok: undefined,
  n: 0,
  modified: 0,
  hasErrors: false,
  code: 0,
  text: '',
})

export interface Value {
  readonly type: number
  readonly bytes: Uint8Array
  readonly at: number
  /** Bytes of it; of a text only the first ones may be there. */
  readonly size: number
}

/** Bytes of a text that is kept. */
const MAX_TEXT = 1024

const textOf = ({ type, bytes, at, size }: Value): string =>
  type === Bson.STRING ? utf8(bytes, at + 4, at + Math.min(size - 1, 4 + MAX_TEXT)) : ''

const number = ({ type, bytes, at }: Value): number => {
  const value = numberOf(type, bytes, at)
  return Number.isFinite(value) ? Math.trunc(value) : 0
}

/** Commands whose first member is the name of a collection. */
const OF_COLLECTIONS: ReadonlySet<string> = new Set(
  (
    'aggregate collMod collStats compact convertToCapped count create createIndexes createSearchIndexes delete distinct drop ' +
    'dropIndexes dropSearchIndex find findAndModify findandmodify geoNear geoSearch group insert killCursors listIndexes ' +
    'mapReduce mapreduce parallelCollectionScan planCacheClear planCacheListFilters reIndex update updateSearchIndex validate'
  ).split(' '),
)

/** First letters of the names that count, as a table of all letters. */
function begins(letters: string): Uint8Array {
  const table = new Uint8Array(256)
  for (const letter of letters) table[letter.charCodeAt(0)] = 1
  return table
}
const BEGINS: Readonly<Partial<Record<Room, Uint8Array>>> = {
  command: begins('$cduo'),
  answer: begins('once$wlvd'),
  cursor: begins('fn'),
  error: begins('ce$'),
}

/** Whether a member whose name begins with this letter may count: for most of them no name is made. */
export const mayCount = (found: Found, room: Room, letter: number): boolean =>
  (room === 'command' && found.command === '') || BEGINS[room]?.[letter] !== 0

/** Takes a member of what is in `room`; returns the room of the value, where that is looked into. */
export function take(found: Found, room: Room, name: string, value: Value): Room | undefined {
  switch (room) {
    case 'command':
      return ofCommand(found, name, value)
    case 'answer':
      return ofAnswer(found, name, value)
    case 'cursor':
      return isList(value) && (name === 'firstBatch' || name === 'nextBatch') ? 'counted' : undefined
    case 'errors':
      return Bson.isDocument(value.type) ? 'error' : undefined
    case 'error':
      ofError(found, name, value)
      return undefined
    case 'last':
      if (name === 'n') found.n += number(value)
      return undefined
    default:
      return undefined
  }
}

const isList = ({ type }: Value): boolean => type === Bson.ARRAY

function ofCommand(found: Found, name: string, value: Value): Room | undefined {
  if (found.command === '') {
    // The command within, as drivers wrapped it for routers.
    if (name === '$query' && value.type === Bson.DOCUMENT) return 'command'
    found.command = name
    if (OF_COLLECTIONS.has(name)) found.collection = textOf(value)
    return undefined
  }
  switch (name) {
    case '$db':
      found.database = textOf(value)
      return undefined
    case 'collection':
      if (found.command === 'getMore') found.collection = textOf(value)
      return undefined
    case 'documents':
    case 'updates':
    case 'deletes':
    case 'ops':
      return isList(value) ? 'counted' : undefined
    default:
      return undefined
  }
}

function ofAnswer(found: Found, name: string, value: Value): Room | undefined {
  switch (name) {
    case 'ok':
      found.ok = numberOf(value.type, value.bytes, value.at) === 1
      return undefined
    case 'n':
    case 'nInserted':
    case 'nMatched':
    case 'nUpserted':
    case 'nDeleted':
      found.n += number(value)
      return undefined
    case 'nModified':
      found.modified = number(value)
      return undefined
    case 'nErrors':
      found.hasErrors ||= number(value) > 0
      return undefined
    case 'code':
    case 'errmsg':
    case '$err':
      ofError(found, name, value)
      return undefined
    case 'cursor':
      return value.type === Bson.DOCUMENT ? 'cursor' : undefined
    case 'writeErrors':
      if (!isList(value)) return undefined
      found.hasErrors = true
      return 'errors'
    case 'writeConcernError':
      if (value.type !== Bson.DOCUMENT) return undefined
      found.hasErrors = true
      return 'error'
    case 'lastErrorObject':
      return value.type === Bson.DOCUMENT ? 'last' : undefined
    case 'value':
      if (value.type === Bson.DOCUMENT) found.documents++
      return undefined
    case 'values':
    case 'databases':
      return isList(value) ? 'counted' : undefined
    default:
      return undefined
  }
}

/** Of several errors the first one is shown. */
function ofError(found: Found, name: string, value: Value): void {
  if (name === 'code' && found.code === 0) found.code = number(value)
  else if ((name === 'errmsg' || name === '$err') && found.text === '') found.text = textOf(value)
}
