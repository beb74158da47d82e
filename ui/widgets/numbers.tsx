/** A row of numbers with their names. */

export interface Fact {
  readonly name: string
  readonly value: string
  /** Said below it. */
  readonly note?: string | undefined
  /** Said when it is pointed at. */
  readonly title?: string
  readonly isBad?: boolean
}

export function Numbers({ facts, explained = false }: { facts: readonly Fact[]; explained?: boolean }) {
  return (
    <dl class={explained ? 'numbers explained' : 'numbers'}>
      {facts.map(({ name, value, note, title, isBad }) => (
        <div class={isBad ? 'bad' : undefined} title={title}>
          <dt>{name}</dt>
          <dd>{value}</dd>
          {note ? <dd class="help">{note}</dd> : null}
        </div>
      ))}
    </dl>
  )
}
