/** An image as a file: the same bytes for the same files, whole digests, both of the layouts that programs read. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { buildImage, type Image } from '../../../src/cli/image/archive'
import { readArchive } from '../../../src/cli/image/read'
import { copyRoot, imagePlatform, imageRoot } from '../../../src/cli/image/root'
import { writeParts } from '../../../src/cli/image/write'
import { Scope } from '../../support/scope'
import { runCli } from '../run-cli'

const scope = new Scope('image')
afterAll(() => scope.close())

const platform = imagePlatform('x64')
const folder = join(scope.dir, 'lib')
const binary = join(scope.dir, 'nixie')
const NAMES = ['libc.so.6', 'libm.so.6', 'libpthread.so.0', 'libdl.so.2', 'libgcc_s.so.1']
const LINKER = 'ld-linux-x86-64.so.2'

mkdirSync(folder)
writeFileSync(join(folder, 'libc-2.36.so'), 'the C library')
symlinkSync('libc-2.36.so', join(folder, 'libc.so.6'))
for (const name of [...NAMES.slice(1), LINKER]) writeFileSync(join(folder, name), `bytes of ${name}`)
writeFileSync(binary, 'the executable')

const rootOf = () => imageRoot(binary, { arch: 'x64', folders: [folder], linkerFolder: folder })
const image = (name?: string): Promise<Image> => buildImage([{ root: rootOf(), platform }], name)
const digest = (bytes: Uint8Array) => `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`
const tar = (...args: string[]): Uint8Array => {
  const { exitCode, stdout, stderr } = Bun.spawnSync(['tar', ...args])
  if (exitCode !== 0) throw new Error(`${stderr}`)
  return stdout
}

describe('an archive for two architectures', () => {
  const path = join(scope.dir, 'both.tar')
  const json = (name: string) => JSON.parse(Buffer.from(tar('-xOf', path, name)).toString())
  const blobAt = ({ digest }: { digest: string }) => `blobs/${digest.replace(':', '/')}`
  const arm = join(scope.dir, 'nixie-arm64')
  writeFileSync(join(folder, 'ld-linux-aarch64.so.1'), 'bytes of a linker')
  writeFileSync(arm, 'the other executable')
  const armRoot = imageRoot(arm, { arch: 'arm64', folders: [folder], linkerFolder: folder })
  const variants = [
    { root: rootOf(), platform },
    { root: armRoot, platform: imagePlatform('arm64') },
  ]

  test('its name stands for a list of manifests, each with its own files', async () => {
    const built = await buildImage(variants)
    await writeParts(built.parts, path)
    const [named, ...others] = json('index.json').manifests
    expect(others).toEqual([])
    expect(named).toMatchObject({
      mediaType: 'application/vnd.oci.image.index.v1+json',
      annotations: { 'io.containerd.image.name': built.name },
    })
    const { manifests } = json(blobAt(named))
    expect(manifests.map((one: { platform: object }) => one.platform)).toEqual([
      { architecture: 'amd64', os: 'linux' },
      { architecture: 'arm64', os: 'linux' },
    ])
    const programs = manifests.map((one: { digest: string }) => {
      const { config, layers } = json(blobAt(one))
      const layer = join(scope.dir, 'one-layer.tar')
      writeFileSync(layer, tar('-xOf', path, blobAt(layers[0])))
      return [json(blobAt(config)).architecture, Buffer.from(tar('-xOf', layer, 'usr/bin/nixie')).toString()]
    })
    expect(programs).toEqual([
      ['amd64', 'the executable'],
      ['arm64', 'the other executable'],
    ])
    // docker's own layout knows one.
    expect(json(json('manifest.json')[0].Config).architecture).toBe('amd64')
    expect(await readArchive(path)).toEqual({ name: built.name, architectures: ['amd64', 'arm64'] })
  })

  test('its name changes with the files of either', async () => {
    const { name } = await buildImage(variants)
    writeFileSync(arm, 'the next executable')
    const next = await buildImage(variants)
    writeFileSync(arm, 'the other executable')
    expect(next.name).not.toBe(name)
    expect((await buildImage(variants)).name).toBe(name)
  })
})

describe('an archive', () => {
  const path = join(scope.dir, 'image.tar')
  let built: Image
  const file = (name: string) => tar('-xOf', path, name)
  const json = (name: string) => JSON.parse(Buffer.from(file(name)).toString())
  const blobAt = ({ digest }: { digest: string }) => `blobs/${digest.replace(':', '/')}`

  beforeAll(async () => {
    built = await image()
    await writeParts(built.parts, path)
  })

  test('is named after what it holds, and has the size that it says', () => {
    const [{ Layers }] = json('manifest.json')
    const layer = String(Layers[0]).split('/').at(-1)!
    expect(built.name).toMatch(/^localhost\/nixie:\d+\.\d+\.\d+-[0-9a-f]{12}$/)
    expect(built.name).toEndWith(`-${layer.slice(0, 12)}`)
    expect(statSync(path).size).toBe(built.bytes)
  })

  test('is an OCI layout: every descriptor has the digest and the size of its blob', () => {
    expect(json('oci-layout')).toEqual({ imageLayoutVersion: '1.0.0' })
    const index = json('index.json')
    expect(index.manifests).toHaveLength(1)
    expect(index.manifests[0]).toMatchObject({
      platform: { architecture: 'amd64', os: 'linux' },
      annotations: { 'io.containerd.image.name': built.name },
    })
    const manifest = json(blobAt(index.manifests[0]))
    for (const one of [index.manifests[0], manifest.config, ...manifest.layers]) {
      const bytes = file(blobAt(one))
      expect(one).toMatchObject({ digest: digest(bytes), size: bytes.length })
    }
    const config = json(blobAt(manifest.config))
    expect(config.rootfs.diff_ids).toEqual([manifest.layers[0].digest])
    expect(config).toMatchObject({ architecture: 'amd64', os: 'linux' })
    expect(config.config).toMatchObject({ Entrypoint: ['/usr/bin/nixie'], Cmd: ['serve'] })
    expect(config.config.Env).toContain('TMPDIR=/tmp')
    expect(config.config.Env).toContain('LD_LIBRARY_PATH=/lib/x86_64-linux-gnu')
  })

  test('is what docker save writes, too: the same blobs, and the name', () => {
    const [saved] = json('manifest.json')
    const manifest = json(blobAt(json('index.json').manifests[0]))
    expect(saved).toEqual({
      Config: blobAt(manifest.config),
      RepoTags: [built.name],
      Layers: manifest.layers.map(blobAt),
    })
  })

  test('holds the executable, the libraries behind their links, the linker, and folders to write to', () => {
    const layer = join(scope.dir, 'layer.tar')
    writeFileSync(layer, file(json('manifest.json')[0].Layers[0]))
    const lines = Buffer.from(tar('--numeric-owner', '-tvf', layer))
      .toString()
      .trim()
      .split('\n')
    const modes = Object.fromEntries(
      lines.map((line) => line.split(/\s+/)).map(([mode, owner, , , , name]) => [name, `${mode} ${owner}`]),
    )
    expect(Object.keys(modes)).toEqual([...Object.keys(modes)].sort())
    expect(modes).toMatchObject({
      'usr/bin/nixie': '-rwxr-xr-x 0/0',
      [`lib64/${LINKER}`]: '-rwxr-xr-x 0/0',
      'lib/x86_64-linux-gnu/libgcc_s.so.1': '-rwxr-xr-x 0/0',
      'tmp/': 'drwxrwxrwt 0/0',
      'var/lib/nixie/': 'drwxr-xr-x 0/0',
    })
    expect(Buffer.from(tar('-xOf', layer, 'lib/x86_64-linux-gnu/libc.so.6')).toString()).toBe('the C library')
  })

  test('has the same bytes again, whatever the times of the files; another executable has another name', async () => {
    utimesSync(binary, 1, 1)
    const again = await image()
    expect(digest(Buffer.concat(again.parts))).toBe(digest(readFileSync(path)))
    writeFileSync(binary, 'the next executable')
    const next = await image()
    writeFileSync(binary, 'the executable')
    expect(next.name).not.toBe(built.name)
  })

  test('says its name and architecture, compressed or not', async () => {
    const info = { name: built.name, architectures: ['amd64'] }
    expect(await readArchive(path)).toEqual(info)
    await writeParts(built.parts, `${path}.gz`)
    expect(digest(Bun.gunzipSync(readFileSync(`${path}.gz`)))).toBe(digest(readFileSync(path)))
    expect(await readArchive(`${path}.gz`)).toEqual(info)
    const named = join(scope.dir, 'named.tar')
    await writeParts((await image('test.local/mine:2')).parts, named)
    expect((await readArchive(named)).name).toBe('test.local/mine:2')
  })

  test('with the description behind the layers, as docker saves it', async () => {
    const extracted = join(scope.dir, 'extracted')
    mkdirSync(extracted)
    tar('-xf', path, '-C', extracted)
    const other = join(scope.dir, 'docker.tar')
    tar('-cf', other, '-C', extracted, 'blobs', 'index.json', 'manifest.json')
    expect(await readArchive(other)).toEqual({ name: built.name, architectures: ['amd64'] })
  })

  test('what is none is said', async () => {
    const text = join(scope.dir, 'text')
    writeFileSync(text, 'no archive at all')
    await expect(readArchive(text)).rejects.toThrow('is no image archive')
    writeFileSync(`${text}.gz`, new Uint8Array([0x1f, 0x8b, 1, 2, 3]))
    await expect(readArchive(`${text}.gz`)).rejects.toThrow('is no image archive')
    await expect(readArchive(join(scope.dir, 'missing'))).rejects.toThrow('There is no image archive')
    const nameless = join(scope.dir, 'nameless.tar')
    writeFileSync(join(scope.dir, 'manifest.json'), '[{"Config":"c","RepoTags":null}]')
    writeFileSync(join(scope.dir, 'c'), '{}')
    tar('-cf', nameless, '-C', scope.dir, 'manifest.json', 'c')
    await expect(readArchive(nameless)).rejects.toThrow('its image has no name')
  })
})

test('a library that this machine lacks is named, with the packages that bring it', () => {
  const shape = (() => {
    try {
      return imageRoot(binary, { arch: 'x64', folders: [scope.dir], linkerFolder: folder })
    } catch (cause) {
      return (cause as { shape: { message: string; hint: string } }).shape
    }
  })()
  expect(shape).toMatchObject({ code: 'not_found' })
  expect((shape as { message: string }).message).toContain('libc.so.6')
  expect((shape as { hint: string }).hint).toContain('libgcc-s1')
  expect(() => imagePlatform('riscv64')).toThrow('There is no image for riscv64')
})

test('the files alone, for a Dockerfile', () => {
  const target = join(scope.dir, 'root')
  copyRoot(rootOf(), target)
  expect(readFileSync(join(target, 'usr/bin/nixie'), 'utf8')).toBe('the executable')
  expect(statSync(join(target, 'usr/bin/nixie')).mode & 0o777).toBe(0o755)
  expect(statSync(join(target, 'tmp')).mode & 0o7777).toBe(0o1777)
})

test('a disk that is full or not there leaves no half of a file', async () => {
  const path = join(scope.dir, 'nowhere/image.tar')
  await expect(writeParts([new Uint8Array(1)], path)).rejects.toThrow("can't be written")
})

describe('nixie image', () => {
  test('is made of an executable only', async () => {
    const { code, err } = await runCli(['image', '--output', join(scope.dir, 'x.tar')])
    expect(code).toBe(1)
    expect(err).toContain('runs from its sources')
  })

  test.each([
    [[], 'One of --output and --root'],
    [['-o', 'a', '--root', 'b'], 'One of --output and --root'],
    [['-o', 'a', '--tag', 'Not A Name'], "'Not A Name' is no name of an image"],
    [['-o', 'a', '--tag', 'registry:5000/nixie'], 'is no name of an image with a tag'],
  ])('%p', async (args, words) => {
    const { code, err } = await runCli(['image', ...args])
    expect(code).toBe(2)
    expect(err).toContain(words)
  })
})

describe('what is no regular file is written into', () => {
  const big = [new Uint8Array(300_000).fill(1), new Uint8Array(5).fill(2)]

  test('a pipe', async () => {
    const pipe = join(scope.dir, 'pipe')
    Bun.spawnSync(['mkfifo', pipe])
    const reader = Bun.spawn(['wc', '-c', pipe], { stdout: 'pipe' })
    await writeParts(big, pipe)
    expect(parseInt(await new Response(reader.stdout).text(), 10)).toBe(300_005)
    expect(statSync(pipe).isFIFO()).toBe(true)
  })

  // Through links in a folder of the test, so that a fault here costs no device of the machine.
  test('a device; a full one is said', async () => {
    for (const name of ['null', 'full']) symlinkSync(`/dev/${name}`, join(scope.dir, name))
    await writeParts(big, join(scope.dir, 'null'))
    const full = join(scope.dir, 'full')
    await expect(writeParts(big, full)).rejects.toThrow(`can't be written to ${full}: ENOSPC`)
    for (const name of ['null', 'full']) {
      expect(lstatSync(join(scope.dir, name)).isSymbolicLink()).toBe(true)
      expect(statSync(join(scope.dir, name)).isCharacterDevice()).toBe(true)
    }
  })

  test('an open file of the process by its name there', async () => {
    const path = join(scope.dir, 'open')
    const fd = openSync(path, 'w')
    const { ino } = statSync(path)
    await writeParts(big, `/dev/fd/${fd}`)
    closeSync(fd)
    expect(statSync(path)).toMatchObject({ ino, size: 300_005 })
  })

  test('of a link to a regular file the file is replaced, and nothing else is touched', async () => {
    const path = join(scope.dir, 'real.tar')
    writeFileSync(path, 'old')
    writeFileSync(`${path}.new`, 'of the user')
    symlinkSync(path, join(scope.dir, 'link.tar'))
    await writeParts(big, join(scope.dir, 'link.tar'))
    expect(statSync(path).size).toBe(300_005)
    expect(lstatSync(join(scope.dir, 'link.tar')).isSymbolicLink()).toBe(true)
    expect(readFileSync(`${path}.new`, 'utf8')).toBe('of the user')
  })
})
