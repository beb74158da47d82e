/** Results as files: links to the API, or buttons for the browser's script where the text itself must be sent. */
import { TAKEN_NAMES } from '../../src/api/run-routes'
import { here } from '../on-node'
import type { Place } from './place'

interface Format {
  readonly name: string
  readonly value: string
}

/** All tables in one file. */
export const WHOLE: readonly Format[] = [
  { name: 'JSON', value: 'json' },
  { name: 'NDJSON', value: 'ndjson' },
]
/** One table per file. */
export const OF_TABLE: readonly Format[] = [
  { name: 'CSV', value: 'csv' },
  { name: 'Arrow', value: 'arrow' },
]

interface Props {
  readonly place: Place
  readonly formats: readonly Format[]
  readonly table?: string
}

function link(path: string, args: Readonly<Record<string, string>>, own: Record<string, string>): string {
  const given = Object.entries(args).map(([name, value]) => [
    TAKEN_NAMES.includes(name) ? `arg.${name}` : name,
    value,
  ])
  return `${path}?${new URLSearchParams([...given, ...Object.entries(own)] as [string, string][])}`
}

export function Downloads({ place, formats, table }: Props) {
  const { download, state } = place
  if (!download) return null
  const links = formats.map(({ name, value }, i) => {
    const own = { format: value, ...(table === undefined ? {} : { table }) }
    const file = `${table ?? 'result'}.${value}`
    return (
      <>
        {i > 0 ? ' · ' : ''}
        {download === 'text' ? (
          <button
            type="button"
            class="link"
            data-download={here(`/api/query?${new URLSearchParams(own)}`)}
            data-file={file}
          >
            {name}
          </button>
        ) : (
          <a href={here(link(download, state.args, own))} download={file}>
            {name}
          </a>
        )}
      </>
    )
  })
  const scripted = download === 'text' ? ' scripted' : ''
  return table === undefined ? (
    <p class={`stats${scripted}`}>All tables as {links}</p>
  ) : (
    <span class={`as${scripted}`}> · {links}</span>
  )
}
