/**
 * Sources of Protocol Buffers as descriptors: a FileDescriptorProto for each package, with what names need of it. Imports aren't followed, as
 * all sources of a directory are read: what a source names and none of them has is left out, and said.
 */
import protobuf from 'protobufjs'
import { FieldKind } from '../protocols/lib/protobuf/descriptors'

const LABEL_OPTIONAL = 1
const LABEL_REPEATED = 3

const SCALARS = new Map<string, FieldKind>([
  ['double', FieldKind.Double],
  ['float', FieldKind.Float],
  ['int64', FieldKind.Int64],
  ['uint64', FieldKind.Uint64],
  ['int32', FieldKind.Int32],
  ['fixed64', FieldKind.Fixed64],
  ['fixed32', FieldKind.Fixed32],
  ['bool', FieldKind.Bool],
  ['string', FieldKind.String],
  ['bytes', FieldKind.Bytes],
  ['uint32', FieldKind.Uint32],
  ['sfixed32', FieldKind.Sfixed32],
  ['sfixed64', FieldKind.Sfixed64],
  ['sint32', FieldKind.Sint32],
  ['sint64', FieldKind.Sint64],
])

export interface Source {
  /** Its path, for people. */
  readonly name: string
  readonly text: string
}

export interface Compiled {
  /** FileDescriptorProtos. */
  readonly files: readonly Uint8Array[]
  /** What isn't read, and why. */
  readonly warnings: readonly string[]
}

export function compileSources(sources: readonly Source[]): Compiled {
  const root = new protobuf.Root()
  const warnings: string[] = []
  const wanted = new Set<string>()
  for (const { name, text } of sources) {
    try {
      const { imports = [] } = protobuf.parse(text, root, { keepCase: true })
      for (const each of imports) wanted.add(each)
    } catch (cause) {
      warnings.push(`${name} is read up to an error: ${cause instanceof Error ? cause.message : cause}`)
    }
  }
  for (const name of wanted) addCommon(root, name)
  const writer = new Descriptors()
  writer.namespace(root)
  const [first] = writer.unknown
  if (first !== undefined)
    warnings.push(
      `types that no source has are shown with numbers: ${first}${writer.unknown.size > 1 ? ` and ${writer.unknown.size - 1} more` : ''}`,
    )
  return { files: writer.files, warnings }
}

/** What compilers bring along: google/protobuf/timestamp.proto and the like. */
function addCommon(root: protobuf.Root, name: string): void {
  const { nested } = protobuf.common.get(name) ?? {}
  try {
    if (nested) root.addJSON(nested)
  } catch {
    // A source has it itself.
  }
}

class Descriptors {
  readonly files: Uint8Array[] = []
  /** Types that are named and aren't there. */
  readonly unknown = new Set<string>()

  namespace(space: protobuf.NamespaceBase): void {
    const file = protobuf.Writer.create()
    const scope = space.fullName.replace(/^\./, '')
    file.uint32(tag(1)).string(`sources/${scope}.proto`)
    if (scope !== '') file.uint32(tag(2)).string(scope)
    for (const each of space.nestedArray) {
      if (each instanceof protobuf.Type) file.uint32(tag(4)).bytes(this.#message(each))
      else if (each instanceof protobuf.Enum) file.uint32(tag(5)).bytes(enumOf(each))
      else if (each instanceof protobuf.Service) file.uint32(tag(6)).bytes(this.#service(each))
    }
    const within = space.nestedArray.filter((each) => each.constructor === protobuf.Namespace)
    if (within.length < space.nestedArray.length) this.files.push(file.finish())
    for (const each of within) this.namespace(each)
  }

  #message(type: protobuf.Type): Uint8Array {
    const writer = protobuf.Writer.create()
    writer.uint32(tag(1)).string(type.name)
    for (const field of type.fieldsArray) {
      const descriptor = field instanceof protobuf.MapField ? this.#map(field, writer) : this.#field(field)
      if (descriptor) writer.uint32(tag(2)).bytes(descriptor)
    }
    for (const each of type.nestedArray) {
      if (each instanceof protobuf.Type) writer.uint32(tag(3)).bytes(this.#message(each))
      else if (each instanceof protobuf.Enum) writer.uint32(tag(4)).bytes(enumOf(each))
    }
    return writer.finish()
  }

  #field(field: protobuf.Field): Uint8Array | undefined {
    const kind = this.#kindOf(field, field.type)
    return kind && fieldOf(field, kind, field.repeated ? LABEL_REPEATED : LABEL_OPTIONAL)
  }

  /** On the wire a map is a list of messages of a key and a value; `into` gets their type. */
  #map(field: protobuf.MapField, into: protobuf.Writer): Uint8Array {
    const name = `${field.name}_entry`
    const entry = protobuf.Writer.create()
    entry.uint32(tag(1)).string(name)
    const parts = [
      { name: 'key', id: 1, kind: this.#kindOf(field, field.keyType) },
      { name: 'value', id: 2, kind: this.#kindOf(field, field.type) },
    ]
    for (const { kind, ...part } of parts)
      if (kind) entry.uint32(tag(2)).bytes(fieldOf(part, kind, LABEL_OPTIONAL))
    into.uint32(tag(3)).bytes(entry.finish())
    const typeName = `${field.parent!.fullName}.${name}`
    return fieldOf(field, { kind: FieldKind.Message, typeName }, LABEL_REPEATED)
  }

  #service(service: protobuf.Service): Uint8Array {
    const writer = protobuf.Writer.create()
    writer.uint32(tag(1)).string(service.name)
    for (const { name, requestType, responseType } of service.methodsArray) {
      const method = protobuf.Writer.create().uint32(tag(1)).string(name)
      method.uint32(tag(2)).string(this.#lookUp(service, requestType)?.fullName ?? requestType)
      method.uint32(tag(3)).string(this.#lookUp(service, responseType)?.fullName ?? responseType)
      writer.uint32(tag(2)).bytes(method.finish())
    }
    return writer.finish()
  }

  #kindOf(field: protobuf.FieldBase, type: string): Kind | undefined {
    const scalar = SCALARS.get(type)
    if (scalar !== undefined) return { kind: scalar, typeName: '' }
    const known = this.#lookUp(field.parent!, type)
    if (!known) return undefined
    const isGroup = 'group' in known && known.group === true
    const kind = known instanceof protobuf.Enum ? FieldKind.Enum : FieldKind.Message
    return { kind: isGroup ? FieldKind.Group : kind, typeName: known.fullName }
  }

  #lookUp(from: protobuf.NamespaceBase, type: string): protobuf.ReflectionObject | null {
    const known = from.lookup(type, [protobuf.Type, protobuf.Enum])
    if (!known) this.unknown.add(type)
    return known
  }
}

interface Kind {
  readonly kind: FieldKind
  /** With a dot in front, or ''. */
  readonly typeName: string
}

function fieldOf(
  {
    name,
    id,
    options,
  }: Pick<protobuf.FieldBase, 'name' | 'id'> & Partial<Pick<protobuf.FieldBase, 'options'>>,
  { kind, typeName }: Kind,
  label: number,
): Uint8Array {
  const writer = protobuf.Writer.create()
  writer.uint32(tag(1)).string(name).uint32(number(3)).int32(id).uint32(number(4)).int32(label)
  writer.uint32(number(5)).int32(kind)
  if (typeName !== '') writer.uint32(tag(6)).string(typeName)
  if (options?.debug_redact === true) {
    const marks = protobuf.Writer.create().uint32(number(16)).bool(true).finish()
    writer.uint32(tag(8)).bytes(marks)
  }
  return writer.finish()
}

function enumOf({ name, values }: protobuf.Enum): Uint8Array {
  const writer = protobuf.Writer.create().uint32(tag(1)).string(name)
  for (const [value, id] of Object.entries(values)) {
    const descriptor = protobuf.Writer.create().uint32(tag(1)).string(value).uint32(number(2)).int32(id)
    writer.uint32(tag(2)).bytes(descriptor.finish())
  }
  return writer.finish()
}

/** Of a field that has a length, and of a number. */
const tag = (field: number): number => (field << 3) | 2
const number = (field: number): number => field << 3
