/**
 * Names of messages, fields, values of enumerations and methods, out of descriptors (google/protobuf/descriptor.proto), which are messages
 * themselves:
 *
 *     FileDescriptorSet     file 1
 *     FileDescriptorProto   name 1, package 2, message_type 4, enum_type 5, service 6
 *     DescriptorProto       name 1, field 2, nested_type 3, enum_type 4
 *     FieldDescriptorProto  name 1, number 3, label 4, type 5, type_name 6, options 8 (debug_redact 16)
 *     EnumDescriptorProto   name 1, value 2 (name 1, number 2)
 *     ServiceDescriptorProto name 1, method 2 (name 1, input_type 2, output_type 3)
 *
 * They come from files and from servers, so anything may be in them: what can't be read is left out, and all is bounded. A message is read
 * when it is first asked for.
 */
import { utf8 } from '../bytes'
import { forEachField, type Wire } from './wire'

const MAX_NESTING = 16
const MAX_NAME = 256
/** Fields of one message, or values of one enumeration. */
const MAX_MEMBERS = 5000

/** `FieldDescriptorProto.Type` */
export enum FieldKind {
  Double = 1,
  Float,
  Int64,
  Uint64,
  Int32,
  Fixed64,
  Fixed32,
  Bool,
  String,
  Group,
  Message,
  Bytes,
  Uint32,
  Enum,
  Sfixed32,
  Sfixed64,
  Sint32,
  Sint64,
}
const REPEATED = 3

export interface FieldType {
  readonly name: string
  readonly kind: FieldKind
  readonly isRepeated: boolean
  /** Marked as one whose value is not to be shown (`debug_redact`). */
  readonly isSecret: boolean
  /** The type of a message, where it is known. */
  readonly message: MessageType | undefined
  /** The name of a value of an enumeration, where it is known. */
  readonly valueName: (value: number) => string | undefined
}

export interface MessageType {
  field(number: number): FieldType | undefined
}

export interface MethodTypes {
  readonly input: MessageType | undefined
  readonly output: MessageType | undefined
}

/** The files of a FileDescriptorSet; undefined where it is none. */
export function filesOf(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const files: Uint8Array[] = []
  const isSet = forEachField(bytes, (number, _, __, content) => {
    if (number === 1 && content) files.push(content)
  })
  return isSet && files.length > 0 ? files : undefined
}

interface Method {
  readonly scope: string
  /** As they are written there. */
  readonly input: string
  readonly output: string
}

/** Memory of a name, beside the bytes of its file. */
const NAME_BYTES = 160

export class Descriptors {
  /** How often a file was added that wasn't there. */
  changes = 0
  /** Bytes of the files. */
  #size = 0
  readonly #most: number
  readonly #isNewestRight: boolean
  /** By name, to see whether one is known already. */
  readonly #files = new Map<string, Uint8Array>()
  readonly #messages = new Map<string, Uint8Array | MessageType>()
  readonly #enums = new Map<string, Uint8Array | ReadonlyMap<number, string>>()
  /** By path: `/package.Service/Method`. */
  readonly #methods = new Map<string, Method>()

  /**
   * `most`: messages, enumerations and methods of all files together. `isNewestRight`: where a file is another one than before, all is
   * forgotten, since its server has changed; else what came first stays.
   */
  constructor(most: number, isNewestRight: boolean) {
    this.#most = most
    this.#isNewestRight = isNewestRight
  }

  /** Bytes of memory that it takes. */
  get held(): number {
    return this.#size + this.#names * NAME_BYTES
  }

  /** FileDescriptorProtos, as they were added. */
  get files(): Iterable<Uint8Array> {
    return this.#files.values()
  }

  get #names(): number {
    return this.#messages.size + this.#enums.size + this.#methods.size + this.#files.size
  }

  get #isFull(): boolean {
    return this.#names >= this.#most
  }

  /** Adds a FileDescriptorProto, which is copied; false where it is none, or there are too many names. */
  addFile(given: Uint8Array): boolean {
    let name = ''
    let scope = ''
    let known = 0
    const isFile = forEachField(given, (number, _, __, content) => {
      if (content && number === 1) name = textOf(content)
      else if (content && number === 2) scope = textOf(content)
      else if (content && number >= 4 && number <= 6) known++
    })
    if (!isFile || name === '' || known === 0) return false
    const before = this.#files.get(name)
    if (before && (!this.#isNewestRight || Buffer.compare(before, given) === 0)) return true
    if (before) this.#forget()
    if (this.#isFull) return false
    const bytes = given.slice()
    this.#size += bytes.length
    this.#files.set(name, bytes)
    this.changes++
    forEachField(bytes, (number, _, __, content) => {
      if (!content || this.#isFull) return
      if (number === 4) this.#addMessage(scope, content, 0)
      else if (number === 5) this.#addEnum(scope, content)
      else if (number === 6) this.#addService(scope, content)
    })
    return true
  }

  method(path: string): MethodTypes | undefined {
    const method = this.#methods.get(path)
    if (!method) return undefined
    const { scope, input, output } = method
    return { input: this.message(input, scope), output: this.message(output, scope) }
  }

  /** By its name, as it is written within `scope`. */
  message(written: string, scope = ''): MessageType | undefined {
    const name = namesOf(written, scope).find((each) => this.#messages.has(each))
    if (name === undefined) return undefined
    const known = this.#messages.get(name)
    if (!(known instanceof Uint8Array)) return known
    const type = new LazyMessage(this, name, known)
    this.#messages.set(name, type)
    return type
  }

  valueName(written: string, scope: string, value: number): string | undefined {
    const name = namesOf(written, scope).find((each) => this.#enums.has(each))
    if (name === undefined) return undefined
    const known = this.#enums.get(name)
    if (!(known instanceof Uint8Array)) return known?.get(value)
    const values = valuesOf(known)
    this.#enums.set(name, values)
    return values.get(value)
  }

  #forget(): void {
    this.#size = 0
    for (const names of [this.#files, this.#messages, this.#enums, this.#methods]) names.clear()
  }

  #addMessage(scope: string, bytes: Uint8Array, depth: number): void {
    const name = qualified(scope, nameOf(bytes))
    if (name === undefined || depth > MAX_NESTING) return
    this.#messages.set(name, bytes)
    forEachField(bytes, (number, _, __, content) => {
      if (!content || this.#isFull) return
      if (number === 3) this.#addMessage(name, content, depth + 1)
      else if (number === 4) this.#addEnum(name, content)
    })
  }

  #addEnum(scope: string, bytes: Uint8Array): void {
    const name = qualified(scope, nameOf(bytes))
    if (name !== undefined) this.#enums.set(name, bytes)
  }

  #addService(scope: string, bytes: Uint8Array): void {
    const service = qualified(scope, nameOf(bytes))
    if (service === undefined) return
    forEachField(bytes, (number, _, __, content) => {
      if (number !== 2 || !content || this.#isFull) return
      const texts: string[] = []
      forEachField(content, (part, ___, ____, text) => {
        if (text && part <= 3) texts[part] = textOf(text)
      })
      const [, name = '', input = '', output = ''] = texts
      if (name !== '') this.#methods.set(`/${service}/${name}`, { scope, input, output })
    })
  }
}

/** Reads its fields when the first one is asked for. */
class LazyMessage implements MessageType {
  readonly #descriptors: Descriptors
  readonly #name: string
  readonly #bytes: Uint8Array
  #fields: ReadonlyMap<number, FieldType> | undefined

  constructor(descriptors: Descriptors, name: string, bytes: Uint8Array) {
    this.#descriptors = descriptors
    this.#name = name
    this.#bytes = bytes
  }

  field(number: number): FieldType | undefined {
    this.#fields ??= this.#read()
    return this.#fields.get(number)
  }

  #read(): ReadonlyMap<number, FieldType> {
    const fields = new Map<number, FieldType>()
    forEachField(this.#bytes, (number, _, __, content) => {
      if (number !== 2 || !content || fields.size >= MAX_MEMBERS) return
      const field = fieldOf(this.#descriptors, this.#name, content)
      if (field) fields.set(field.number, field.type)
    })
    return fields
  }
}

function fieldOf(
  descriptors: Descriptors,
  scope: string,
  bytes: Uint8Array,
): { number: number; type: FieldType } | undefined {
  let name = ''
  let typeName = ''
  let isSecret = false
  const numbers: Record<number, number> = {}
  forEachField(bytes, (number, _: Wire, value, content) => {
    if (content && number === 1) name = textOf(content)
    else if (content && number === 6) typeName = textOf(content)
    else if (content && number === 8) isSecret = isMarked(content)
    else if (!content) numbers[number] = Number(value)
  })
  const number = numbers[3] ?? 0
  const kind = numbers[5] ?? 0
  if (name === '' || number < 1 || kind < FieldKind.Double || kind > FieldKind.Sint64) return undefined
  const type: FieldType = {
    name,
    kind,
    isRepeated: numbers[4] === REPEATED,
    isSecret,
    get message() {
      return kind === FieldKind.Message ? descriptors.message(typeName, scope) : undefined
    },
    valueName: (value) => descriptors.valueName(typeName, scope, value),
  }
  return { number, type }
}

/** `FieldOptions.debug_redact` */
function isMarked(options: Uint8Array): boolean {
  let is = false
  forEachField(options, (number, _, value) => {
    if (number === 16) is = value === 1
  })
  return is
}

function valuesOf(bytes: Uint8Array): ReadonlyMap<number, string> {
  const values = new Map<number, string>()
  forEachField(bytes, (number, _, __, content) => {
    if (number !== 2 || !content || values.size >= MAX_MEMBERS) return
    let name = ''
    let value = 0
    forEachField(content, (part, ___, given, text) => {
      if (text && part === 1) name = textOf(text)
      else if (part === 2) value = Number(BigInt.asIntN(32, BigInt(given)))
    })
    // Of several names the first one is usual.
    if (name !== '' && !values.has(value)) values.set(value, name)
  })
  return values
}

function nameOf(bytes: Uint8Array): string {
  let name = ''
  forEachField(bytes, (number, _, __, content) => {
    if (content && number === 1) name = textOf(content)
  })
  return name
}

/** Names are identifiers; anything else is none. */
function textOf(bytes: Uint8Array): string {
  if (bytes.length > MAX_NAME) return ''
  const text = utf8(bytes, 0, bytes.length)
  return /^[\w./\-+@]*$/.test(text) ? text : ''
}

const qualified = (scope: string, name: string): string | undefined =>
  name === '' ? undefined : scope === '' ? name : `${scope}.${name}`
/**
 * What a name may mean: compilers write `.package.Message`, some libraries only `Message`, which is looked for in the scope, and then in those
 * around it.
 */
function namesOf(written: string, scope: string): readonly string[] {
  if (written === '') return []
  if (written.startsWith('.')) return [written.slice(1)]
  const parts = scope === '' ? [] : scope.split('.').slice(0, MAX_NESTING)
  return Array.from({ length: parts.length + 1 }, (_, i) =>
    [...parts.slice(0, parts.length - i), written].join('.'),
  )
}
