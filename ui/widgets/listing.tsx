/** A table on a page; the page writes its rows. */
import type { Child } from 'hono/jsx'

/** A column's title; with `num` its numbers are aligned to the right. */
export type Heading = string | { readonly num: string }

interface Props {
  /** Without it each row has its own heading. */
  readonly head?: readonly Heading[]
  readonly kind?: string
  readonly children: Child
}

export function Listing({ head, kind, children }: Props) {
  return (
    <div class="scroll">
      <table class={kind}>
        {head ? <Head head={head} /> : null}
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}

function Head({ head }: { head: readonly Heading[] }) {
  return (
    <thead>
      <tr>
        {head.map((title) =>
          typeof title === 'string' ? (
            <th scope="col">{title}</th>
          ) : (
            <th scope="col" class="num">
              {title.num}
            </th>
          ),
        )}
      </tr>
    </thead>
  )
}
