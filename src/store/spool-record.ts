/**
 * What a record of the spool says: the rows of a second, those of what is under way, and entities.
 *
 *     length u32 · text · columns
 *
 * The text is JSON (`Text`), the columns are blobs without a place, one behind the other.
 */
import type { Batch } from '../records/batch'
import type { Entity } from '../records/entities'
import type { DataType } from '../records/types'
import { DamagedBlob, type RawBytes } from './blob'
import type { StoredColumn } from './chunks'
import { decodeColumn } from './columns'
import type { RowsOf, SealedPiece } from './seal'

export interface Said {
  readonly rows: readonly SealedPiece[]
  /** Of what is under way: they take the place of those of the records before. Undefined: those stay. */
  readonly live?: readonly SealedPiece[]
  readonly entities: readonly Entity[]
}

export interface Heard {
  readonly rows: readonly RowsOf[]
  readonly live?: readonly RowsOf[]
  readonly entities: readonly Entity[]
}

/** The columns of each table, which are named once in a generation. */
export type Names = Map<string, readonly StoredColumn[]>

interface Text {
  readonly rows: readonly TextOfPiece[]
  readonly live?: readonly TextOfPiece[]
  readonly entities: readonly Entity[]
}

interface TextOfPiece {
  readonly table: string
  readonly columns?: readonly [string, DataType][]
  readonly rows: number
  /** Epoch nanoseconds: the base of its times. */
  readonly base: string
  /** Of each column's blob. */
  readonly bytes: readonly number[]
}

/** Adds the tables that it names. */
export function bytesOf({ rows, live, entities }: Said, names: Names): readonly Uint8Array[] {
  const describe = ({ table: { name, columns }, chunk }: SealedPiece): TextOfPiece => {
    const isNew = names.get(name) !== columns
    names.set(name, columns)
    return {
      table: name,
      ...(isNew && { columns: columns.map((column): [string, DataType] => [column.name, column.type]) }),
      rows: chunk.rows,
      base: `${chunk.minNs}`,
      bytes: chunk.columns.map(({ data }) => data.length),
    }
  }
  const said: Text = { rows: rows.map(describe), ...(live && { live: live.map(describe) }), entities }
  const text = Buffer.from(JSON.stringify(said))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(text.length)
  const blobs = [...rows, ...(live ?? [])].flatMap(({ chunk }) => chunk.columns.map(({ data }) => data))
  return [length, text, ...blobs]
}

/** Adds the tables that it names. @throws DamagedBlob */
export function hear(raw: RawBytes, names: Names): Heard {
  const length = Buffer.from(raw.take(0, 4)).readUInt32LE(0)
  const text = textIn(raw.take(4, length))
  let at = 4 + length
  const rowsOf = ({ table, columns, rows, base, bytes }: TextOfPiece): RowsOf => {
    if (columns)
      names.set(
        table,
        columns.map(([name, type]) => ({ name, type })),
      )
    const known = names.get(table)
    if (known?.length !== bytes.length) throw new DamagedBlob('a table without its columns')
    const vectors = known.map(({ type }, i) => {
      const data = raw.take(at, bytes[i]!)
      at += data.length
      return decodeColumn(data, type, rows, BigInt(base))
    })
    const batch: Batch = { rows, columns: vectors }
    return { table: { name: table, columns: known }, batch }
  }
  const rows = text.rows.map(rowsOf)
  return { rows, ...(text.live && { live: text.live.map(rowsOf) }), entities: text.entities }
}

function textIn(bytes: Uint8Array): Text {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as Text
  } catch {
    throw new DamagedBlob('a record without its text')
  }
}
