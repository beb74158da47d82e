/** A script as users have it in a folder: PxL, a manifest and, for a view, vis.json. */
import { messageOf, NixieError } from '../errors'
import { type Fields, isObject, isTooDeep, MAX_DEPTH } from '../json'
import { jsonErrorAt, yamlErrorAt } from './positions'

export interface ScriptVariable {
  readonly name: string
  /** PX_STRING, PX_INT64, PX_POD, … */
  readonly type: string
  readonly description: string
  /** Undefined: a run of the script must give a value. */
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
  /** Its name, for errors, and its text. */
  readonly file: string
  readonly text: string
  readonly variables: readonly ScriptVariable[]
  readonly globalFuncs: readonly { readonly outputName: string; readonly func: ViewFunction }[]
  readonly widgets: readonly ViewWidget[]
}

export interface Bundle {
  /** `px/http_data` */
  readonly name: string
  readonly short: string
  readonly long: string
  /** The name of the `.pxl`, for errors, and what it holds. */
  readonly file: string
  readonly text: string
  /** Undefined without vis.json: the script shows what it displays. */
  readonly view: View | undefined
  /** vis.json as it stands, to be edited. */
  readonly viewText?: string
}

/** The names that a bundle's view may have; one upstream bundle has the second. */
const VIEW_FILES = ['vis.json', 'viz.json'] as const

/**
 * Reads the files of one script's folder: its `.pxl`, `manifest.yaml` and `vis.json`, of which only the first must
 * be there. Throws `bad_request` with the file, and the place in it, that is wrong.
 */
export function readBundle(name: string, files: Readonly<Record<string, string>>): Bundle {
  const text = scriptFile(name, Object.keys(files))
  const manifest = files['manifest.yaml']
  const vis = VIEW_FILES.find((file) => files[file] !== undefined)
  const { short, long } = manifest === undefined ? { short: '', long: '' } : readManifest(manifest)
  return {
    name,
    short,
    long,
    file: text,
    text: files[text]!,
    view: vis === undefined ? undefined : readView(files[vis]!, vis),
    ...(vis === undefined ? {} : { viewText: files[vis]! }),
  }
}

/** Of several `.pxl` files the one that is named like the folder, or data.pxl. */
function scriptFile(name: string, files: readonly string[]): string {
  const texts = files.filter((file) => file.endsWith('.pxl'))
  const last = `${name.split('/').at(-1)}.pxl`
  const known = [last, 'data.pxl'].find((file) => texts.includes(file))
  const text = texts.length === 1 ? texts[0] : known
  if (text !== undefined) return text
  const found = texts.length === 0 ? 'none' : texts.join(', ')
  throw new NixieError(
    'bad_request',
    `${name}: the folder needs one .pxl file, it has ${found}`,
    texts.length === 0 ? '' : `Name the script ${last}.`,
  )
}

function readManifest(text: string): { short: string; long: string } {
  const file = 'manifest.yaml'
  let manifest: unknown
  try {
    manifest = Bun.YAML.parse(text)
  } catch (cause) {
    throw new NixieError('bad_request', `${file}: ${messageOf(cause)}`, 'Correct the file.', {
      ...yamlErrorAt(text),
      file,
    })
  }
  const { short, long } = record(manifest)
  const sentence = (value: unknown) => (typeof value === 'string' ? value.trim() : '')
  return { short: sentence(short), long: sentence(long) }
}

/** Reads a view (the text of vis.json); fields that Nixie doesn't know are left alone. */
export function readView(text: string, file: string = VIEW_FILES[0]): View {
  const vis = fields(file, 'The view', parseJson(text, file))
  const each = <T>(key: string, read: (value: Record<string, unknown>, at: string) => T): T[] =>
    list(file, key, vis[key]).map((value, i) => read(fields(file, `${key}[${i}]`, value), `${key}[${i}]`))
  return {
    file,
    text,
    variables: each('variables', (value, at) => readVariable(file, value, at)),
    globalFuncs: each('globalFuncs', ({ outputName, func }, at) => ({
      outputName: required(file, `${at}.outputName`, outputName),
      func: readFunction(file, fields(file, `${at}.func`, func), `${at}.func`),
    })),
    widgets: each('widgets', (value, at) => readWidget(file, value, at)),
  }
}

function parseJson(text: string, file: string): unknown {
  if (isTooDeep(text))
    throw new NixieError(
      'bad_request',
      `${file}: It is nested deeper than ${MAX_DEPTH} levels`,
      'Correct the file.',
      {
        file,
      },
    )
  try {
    // A byte order mark is no part of JSON, but editors write one.
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (cause) {
    const what = messageOf(cause).replace('JSON Parse error: ', '')
    const at = jsonErrorAt(text.replace(/^\ufeff/, ''))
    throw new NixieError('bad_request', `${file}: ${what}`, 'Correct the file.', { ...at, file })
  }
}

function readVariable(file: string, value: Record<string, unknown>, at: string): ScriptVariable {
  const { defaultValue, validValues } = value
  const isPlain = ['string', 'number', 'boolean'].includes(typeof defaultValue)
  return {
    name: required(file, `${at}.name`, value.name),
    type: required(file, `${at}.type`, value.type),
    description: typeof value.description === 'string' ? value.description : '',
    ...(isPlain ? { defaultValue: String(defaultValue) } : {}),
    ...(Array.isArray(validValues) && validValues.length > 0 ? { validValues: validValues.map(String) } : {}),
  }
}

function readFunction(file: string, value: Record<string, unknown>, at: string): ViewFunction {
  return {
    name: required(file, `${at}.name`, value.name),
    args: list(file, `${at}.args`, value.args).map((item, i) => {
      const place = `${at}.args[${i}]`
      const arg = fields(file, place, item)
      const name = required(file, `${place}.name`, arg.name)
      return typeof arg.variable === 'string'
        ? { name, variable: arg.variable }
        : { name, value: String(arg.value ?? '') }
    }),
  }
}

function readWidget(file: string, value: Record<string, unknown>, at: string): ViewWidget {
  const place = record(value.position)
  const cells = (key: string, fallback: number) => (typeof place[key] === 'number' ? place[key] : fallback)
  const shared = value.globalFuncOutputName
  return {
    name: typeof value.name === 'string' ? value.name : '',
    position: { x: cells('x', 0), y: cells('y', 0), w: cells('w', 12), h: cells('h', 3) },
    source:
      typeof shared === 'string'
        ? shared
        : readFunction(file, fields(file, `${at}.func`, value.func), `${at}.func`),
    displaySpec: record(value.displaySpec),
  }
}

const record = (value: unknown): Fields => (isObject(value) ? value : {})

const wrong = (file: string, message: string) =>
  new NixieError('bad_request', `${file}: ${message}`, 'Correct the file.', { file })

function fields(file: string, at: string, value: unknown): Fields {
  if (isObject(value)) return value
  throw wrong(file, value === undefined ? `${at} is missing` : `${at} is not an object`)
}

function list(file: string, at: string, value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value
  throw wrong(file, `${at} is not a list`)
}

function required(file: string, at: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw wrong(file, `${at} is missing`)
}
