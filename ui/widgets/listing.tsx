/** A table of things on a page, whose rows the page writes. */
import type { Child } from 'hono/jsx'

/** A title; of numbers with `num`, which stand at the right. */
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
