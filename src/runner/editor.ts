/** Checks and completes a text for an editor. */
import { NixieError } from '../errors'
import { type Completion, check, complete, type Diagnostic } from '../pxl/editor/editor'
import { readView, type View } from '../scripts/bundle'
import { type RunContext, schemas } from './run-script'
import { callsOf } from './view'

/** With a view, the text is checked with the calls that it makes; errors in the view itself are thrown. */
export function checkText(
  text: string,
  viewText: string | undefined,
  context: RunContext,
): readonly Diagnostic[] {
  const view = viewText === undefined ? undefined : readView(viewText)
  return check(text, {
    tables: schemas(context),
    nowNs: context.nowNs,
    ...(view && { view: callsOf(view, defaultsOf(view)) }),
  })
}

/** A variable without a default is checked with an empty text. */
const defaultsOf = (view: View): Record<string, string> =>
  Object.fromEntries(view.variables.map(({ name, defaultValue = '' }) => [name, defaultValue]))

export function completeText(text: string, offset: number, context: RunContext): Completion {
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > text.length) {
    throw new NixieError(
      'bad_request',
      `offset: ${offset} is not a place in the text`,
      `It has ${text.length} units.`,
    )
  }
  return complete(text, offset, { tables: schemas(context), nowNs: context.nowNs })
}
