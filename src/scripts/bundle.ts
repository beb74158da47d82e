/** A script as users have it in a folder: PxL, a manifest and, for a view, vis.json. */
import { NixieError } from '../errors'

export interface Variable {
  readonly name: string
  /** PX_STRING, PX_INT64, PX_POD, … */
  readonly type: string
  readonly description: string
  /** Undefined: whoever runs the script must give a value. */
  readonly defaultValue?: string
  readonly validValues?: readonly string[]
}

/** A function of the script with the arguments that a view gives it: from a variable, or as they stand. */
export interface ViewFunction {
  readonly name: string
  readonly args: readonly ({ readonly name: string } & (
    | { readonly variable: string }
    | { readonly value: string }
  ))[]
}

export interface ViewWidget {
  readonly name: string
  readonly position: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  /** Its own function, or the name of a shared result. */
  readonly source: ViewFunction | string
  readonly displaySpec: Readonly<Record<string, unknown>>
}

/** vis.json. */
export interface View {
  readonly variables: readonly Variable[]
  readonly globalFuncs: readonly { readonly outputName: string; readonly func: ViewFunction }[]
  readonly widgets: readonly ViewWidget[]
}

export interface Bundle {
  /** `px/http_data` */
  readonly name: string
  readonly short: string
  readonly long: string
  readonly text: string
  /** Undefined without vis.json: the script shows what it displays. */
  readonly view: View | undefined
}

/** Reads the files of one script's folder. Throws `bad_request` that names the file and what is wrong with it. */
export function readBundle(name: string, files: Readonly<Record<string, string>>): Bundle {
  const texts = Object.keys(files).filter((file) => file.endsWith('.pxl'))
  const text = texts[0]
  if (text === undefined || texts.length > 1) {
    throw new NixieError('bad_request', `${name}: the folder needs one .pxl file, it has ${texts.length}`, '')
  }
  const manifest = files['manifest.yaml']
  const vis = files['vis.json']
  const { short, long } = manifest === undefined ? { short: '', long: '' } : readManifest(name, manifest)
  return { name, short, long, text: files[text]!, view: vis === undefined ? undefined : readView(name, vis) }
}

function readManifest(name: string, text: string): { short: string; long: string } {
  const manifest = record(parsed(`${name}/manifest.yaml`, () => Bun.YAML.parse(text)))
  const sentence = (value: unknown) => (typeof value === 'string' ? value.trim() : '')
  return { short: sentence(manifest.short), long: sentence(manifest.long) }
}

function parsed(file: string, read: () => unknown): unknown {
  try {
    return read()
  } catch (cause) {
    throw new NixieError('bad_request', `${file}: ${(cause as Error).message}`, 'Correct the file.')
  }
}

/** Reads vis.json; fields that Nixie doesn't know are left alone. */
export function readView(name: string, text: string): View {
  const file = `${name}/vis.json`
  const vis = record(parsed(file, () => JSON.parse(text)))
  return {
    variables: list(vis.variables).map((value) => readVariable(file, record(value))),
    globalFuncs: list(vis.globalFuncs).map((value) => {
      const { outputName, func } = record(value)
      return { outputName: required(file, 'outputName', outputName), func: readFunction(file, record(func)) }
    }),
    widgets: list(vis.widgets).map((value) => readWidget(file, record(value))),
  }
}

function readVariable(file: string, value: Record<string, unknown>): Variable {
  const { defaultValue, validValues } = value
  return {
    name: required(file, 'variables[].name', value.name),
    type: required(file, 'variables[].type', value.type),
    description: typeof value.description === 'string' ? value.description : '',
    ...(typeof defaultValue === 'string' ? { defaultValue } : {}),
    ...(Array.isArray(validValues) ? { validValues: validValues.map(String) } : {}),
  }
}

function readFunction(file: string, value: Record<string, unknown>): ViewFunction {
  return {
    name: required(file, 'func.name', value.name),
    args: list(value.args).map((item) => {
      const arg = record(item)
      const name = required(file, 'args[].name', arg.name)
      return typeof arg.variable === 'string'
        ? { name, variable: arg.variable }
        : { name, value: String(arg.value ?? '') }
    }),
  }
}

function readWidget(file: string, value: Record<string, unknown>): ViewWidget {
  const place = record(value.position)
  const cells = (key: string, fallback: number) => (typeof place[key] === 'number' ? place[key] : fallback)
  const shared = value.globalFuncOutputName
  return {
    name: typeof value.name === 'string' ? value.name : '',
    position: { x: cells('x', 0), y: cells('y', 0), w: cells('w', 12), h: cells('h', 3) },
    source: typeof shared === 'string' ? shared : readFunction(file, record(value.func)),
    displaySpec: record(value.displaySpec),
  }
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}

function required(file: string, field: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw new NixieError('bad_request', `${file}: ${field} is missing`, 'Correct the file.')
}
