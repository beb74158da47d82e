/** The plan of what a script shows: a view's functions, each called once, and what the script displays itself. */
import { NixieError } from '../errors'
import { type ArgumentText, type CompiledModule, callFunction } from '../pxl/compile'
import type { Node, Plan } from '../query/plan'
import type { View, ViewFunction } from '../scripts/bundle'
import { nameHint } from '../suggest'
import { resultsOf } from './results'
import { dataTypeOf } from './variables'

/** The plan of all that the script shows. Throws what compiling throws, and `bad_request` for a view that doesn't fit. */
export function planOf(
  module: CompiledModule,
  view: View | undefined,
  values: Readonly<Record<string, string>>,
): Plan {
  const outputs: { name: string; node: Node }[] = []
  if (view) {
    checkView(module, view)
    for (const { name, func } of resultsOf(view).results) {
      const nodes = callFunction(module, func.name, argumentsOf(func, view, values))
      nodes.forEach((node, i) => {
        outputs.push({ name: i === 0 ? name : `${name}[${i}]`, node })
      })
    }
  }
  return { outputs: [...outputs, ...module.displays] }
}

/** The calls that a view makes, with the values of its variables. */
export function callsOf(view: View, values: Readonly<Record<string, string>>) {
  return resultsOf(view).results.map(({ func }) => ({
    name: func.name,
    args: argumentsOf(func, view, values),
  }))
}

/** Checks that every function, argument, variable and result that the view names exists. */
function checkView(module: CompiledModule, view: View): void {
  const variables = view.variables.map(({ name }) => name)
  const results = view.globalFuncs.map(({ outputName }) => outputName)
  const wrong = (at: string, what: string, name: string, known: readonly string[], kind: string) =>
    new NixieError(
      'bad_request',
      `${view.file}: ${at} ${what} '${name}', which does not exist`,
      nameHint(name, known, kind),
      {
        file: view.file,
      },
    )
  const checkFunction = ({ name, args }: ViewFunction, at: string) => {
    const found = module.functions.find((f) => f.name === name)
    if (!found) {
      const known = module.functions.map((f) => f.name)
      throw wrong(`${at}.name`, 'names the function', name, known, 'functions')
    }
    for (const [i, arg] of args.entries()) {
      if (!found.params.includes(arg.name)) {
        throw wrong(
          `${at}.args[${i}].name`,
          `names an argument of ${name}:`,
          arg.name,
          found.params,
          'arguments',
        )
      }
      if ('variable' in arg && !variables.includes(arg.variable)) {
        throw wrong(`${at}.args[${i}].variable`, 'names the variable', arg.variable, variables, 'variables')
      }
    }
  }
  for (const [i, { func }] of view.globalFuncs.entries()) checkFunction(func, `globalFuncs[${i}].func`)
  for (const [i, { source }] of view.widgets.entries()) {
    if (typeof source !== 'string') checkFunction(source, `widgets[${i}].func`)
    else if (!results.includes(source)) {
      throw wrong(`widgets[${i}].globalFuncOutputName`, 'names the result', source, results, 'results')
    }
  }
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
