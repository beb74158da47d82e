/** Which results a script shows: a view's functions, each called once, and what the script displays itself. */
import { type ArgumentText, type CompiledModule, callFunction } from '../pxl/compile'
import type { Node, Plan } from '../query/plan'
import type { Bundle, View, ViewFunction } from '../scripts/bundle'
import type { ScriptInfo, Widget } from './runner'
import { dataTypeOf } from './variables'

interface Result {
  /** Of the result table. */
  readonly name: string
  readonly func: ViewFunction
}

/** The results of a view, a function with the same arguments once, and the result that each widget shows. */
function resultsOf(view: View): { results: Result[]; shownBy: Map<View['widgets'][number], string> } {
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

/** The plan of all that the script shows. Throws what compiling throws. */
export function planOf(
  module: CompiledModule,
  view: View | undefined,
  values: Readonly<Record<string, string>>,
): Plan {
  const outputs: { name: string; node: Node }[] = []
  for (const { name, func } of view ? resultsOf(view).results : []) {
    const nodes = callFunction(module, func.name, argumentsOf(func, view!, values))
    nodes.forEach((node, i) => {
      outputs.push({ name: i === 0 ? name : `${name}[${i}]`, node })
    })
  }
  return { outputs: [...outputs, ...module.displays] }
}

function argumentsOf(
  func: ViewFunction,
  view: View,
  values: Readonly<Record<string, string>>,
): Record<string, ArgumentText> {
  return Object.fromEntries(
    func.args.map((arg) => {
      if ('value' in arg) return [arg.name, { text: arg.value }]
      const variable = view.variables.find((v) => v.name === arg.variable)
      const type = variable ? dataTypeOf(variable) : 'STRING'
      return [arg.name, { text: values[arg.variable] ?? '', type }]
    }),
  )
}

/** A script as lists show it. */
export function infoOf({ name, short, long, text, view }: Bundle): ScriptInfo {
  const shownBy = view ? resultsOf(view).shownBy : new Map<never, string>()
  const widgets: Widget[] = (view?.widgets ?? []).map((widget) => ({
    name: widget.name,
    position: widget.position,
    table: shownBy.get(widget) ?? widget.name,
    displaySpec: widget.displaySpec,
  }))
  return { name, short, long, text, variables: view?.variables ?? [], widgets }
}
