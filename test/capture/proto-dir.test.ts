/** Descriptor sets of the user: what is there is read, and what isn't is said. */
import { expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readProtoDir } from '../../src/capture/proto-dir'
import { Descriptors } from '../../src/protocols/lib/protobuf/descriptors'
import { fieldType, fileOf, message, messageType, service } from '../support/protobuf'

const file = (name: string) =>
  fileOf(
    `${name}.proto`,
    name,
    [messageType('Asked', [fieldType('id', 1, 9)])],
    [],
    [service('S', { Get: [`.${name}.Asked`, `.${name}.Asked`] })],
  )

async function read(files: Readonly<Record<string, Uint8Array | string>>, prepare = (_: string) => {}) {
  const dir = mkdtempSync(join(tmpdir(), 'nixie-protos-'))
  try {
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(dir, name), bytes)
    prepare(dir)
    const into = new Descriptors(1000, false)
    const warnings: string[] = []
    await readProtoDir(dir, into, (text) => warnings.push(text.replaceAll(dir, 'DIR')))
    return { into, warnings }
  } finally {
    rmSync(dir, { recursive: true })
  }
}

test('sets by any of their usual names', async () => {
  const { into, warnings } = await read({
    'a.binpb': message({ 1: [file('a'), file('b')] }),
    'c.pb': message({ 1: file('c') }),
    'd.protoset': message({ 1: file('d') }),
    'notes.txt': 'none',
  })
  expect(['a', 'b', 'c', 'd'].map((name) => into.method(`/${name}.S/Get`)?.input?.field(1)?.name)).toEqual([
    'id',
    'id',
    'id',
    'id',
  ])
  expect(warnings).toEqual([])
})

test('sources, also of directories within, beside sets', async () => {
  const { into, warnings } = await read(
    {
      'a.binpb': message({ 1: file('a') }),
      'b.proto': 'syntax = "proto3"; package b; service S { rpc Get(c.v1.Asked) returns (c.v1.Asked); }',
      'broken.proto': 'syntax = "proto3"; package broken; message A { string id = 1; } message {',
    },
    (dir) => {
      mkdirSync(join(dir, 'c/v1'), { recursive: true })
      writeFileSync(join(dir, 'c/v1/c.proto'), 'package c.v1; message Asked { required int32 id = 1; }')
      symlinkSync('.', join(dir, 'c/again'))
    },
  )
  expect(['a', 'b'].map((name) => into.method(`/${name}.S/Get`)?.input?.field(1)?.name)).toEqual(['id', 'id'])
  expect(into.message('broken.A')).toBeDefined()
  expect(warnings).toEqual([
    "--proto-dir: broken.proto is read up to an error: illegal type name '{' (line 1).",
  ])
})

// A pipe has an end only when somebody writes to it, and /dev/zero has none.
test('what is no file keeps nothing from being read', async () => {
  const { into, warnings } = await read(
    {
      'z.pb': message({ 1: file('z') }),
      'z.proto': 'syntax = "proto3"; package y; message A { string id = 1; }',
    },
    (dir) => {
      for (const end of ['pb', 'proto']) {
        expect(Bun.spawnSync(['mkfifo', join(dir, `pipe.${end}`)]).success).toBe(true)
        symlinkSync('/dev/zero', join(dir, `zero.${end}`))
      }
    },
  )
  expect(into.method('/z.S/Get')).toBeDefined()
  expect(into.message('y.A')).toBeDefined()
  expect(warnings).toEqual(
    ['pipe.pb', 'zero.pb', 'pipe.proto', 'zero.proto'].map(
      (name) => `--proto-dir: ${name} is left out: it is no file.`,
    ),
  )
})

test('what isn’t read is said, with what to do', async () => {
  const broken = await read(
    { 'a.pb': 'text', 'b.pb': message({ 1: file('b') }), 'large.pb': new Uint8Array(17 << 20) },
    (dir) => {
      mkdirSync(join(dir, 'folder.pb'))
      symlinkSync('nowhere', join(dir, 'gone.pb'))
    },
  )
  expect(broken.into.method('/b.S/Get')).toBeDefined()
  expect(broken.warnings).toEqual([
    '--proto-dir: a.pb is left out: it is no descriptor set. Make one: protoc --include_imports --descriptor_set_out=all.binpb *.proto, or buf build -o all.binpb.',
    '--proto-dir: folder.pb is left out: it is no file.',
    expect.stringMatching(/^--proto-dir: gone.pb is left out: ENOENT/),
    '--proto-dir: large.pb is left out: all together may have 16 MiB, and it has 17.0.',
  ])
  expect((await read({ 'a.proto': 'syntax = "proto3";' })).warnings).toEqual([
    expect.stringMatching(
      /^--proto-dir: in DIR are no messages: neither sources \(\*\.proto\) nor a descriptor set .* Make one: protoc /,
    ),
  ])
  const gone: string[] = []
  await readProtoDir('/nowhere', new Descriptors(1, false), (text) => gone.push(text))
  expect(gone).toEqual([expect.stringMatching(/^--proto-dir: \/nowhere can't be read \(ENOENT/)])
})
