/** A table on a page; the page writes its rows. */
import type { Child } from 'hono/jsx'

/** A column's title; with `num` its numbers are aligned to the right. */
export type Heading = string | { readonly num: string }

export function Listing({ head, children }: { head: readonly Heading[]; children: Child }) {
  return (
    <div class="scroll">
      <table>
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
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}
