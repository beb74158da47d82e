/** The results of a view and the scripts of a list, both known without compiling. */
import type { Bundle, View, ViewFunction } from '../scripts/bundle'
import type { ScriptInfo, Widget } from './runner'

export interface Result {
  /** Of the result table. */
  readonly name: string
  readonly func: ViewFunction
}

/** The results of a view, a function with the same arguments once, and the result that each widget shows. */
export function resultsOf(view: View): { results: Result[]; shownBy: Map<View['widgets'][number], string> } {
  const results: Result[] = []
  const names = new Set<string>()
  const add = (wanted: string, func: ViewFunction): string => {
    let name = wanted
    for (let i = 1; names.has(name); i++) name = `${wanted}_${i}`
    names.add(name)
    results.push({ name, func })
    return name
  }
  for (const { outputName, func } of view.globalFuncs) add(outputName, func)
  const byCall = new Map<string, string>()
  const shownBy = new Map<View['widgets'][number], string>()
  for (const widget of view.widgets) {
    const { source } = widget
    if (typeof source === 'string') {
      shownBy.set(widget, source)
      continue
    }
    const call = JSON.stringify(source)
    const name = byCall.get(call) ?? add(widget.name || source.name, source)
    byCall.set(call, name)
    shownBy.set(widget, name)
  }
  return { results, shownBy }
}

/** A script as lists show it. */
export function infoOf({ name, short, long, text, view, viewText }: Bundle): ScriptInfo {
  const shownBy = view ? resultsOf(view).shownBy : new Map<never, string>()
  const widgets: Widget[] = (view?.widgets ?? []).map((widget) => ({
    name: widget.name,
    position: widget.position,
    table: shownBy.get(widget) ?? widget.name,
    displaySpec: widget.displaySpec,
  }))
  const spec = viewText === undefined ? {} : { viewText }
  return { name, short, long, text, variables: view?.variables ?? [], widgets, ...spec }
}

/** The library's and the user's own, by name. The library is unpacked when it is first asked for. */
export async function allScripts(own: ReadonlyMap<string, Bundle>): Promise<readonly ScriptInfo[]> {
  const { LIBRARY } = await import('../scripts/library')
  const origin = (name: string) => (LIBRARY.has(name) ? ('override' as const) : ('own' as const))
  return [...new Map([...LIBRARY, ...own])]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, bundle]) => ({ ...infoOf(bundle), ...(own.has(name) && { origin: origin(name) }) }))
}
