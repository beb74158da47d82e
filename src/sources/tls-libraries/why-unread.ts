/** Why what a process says within TLS isn't read, and what to do about it: from the files that it runs. */
import { readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { ElfFile } from './elf'
import { codeOf, type MappedFile } from './mapped'

export interface Why {
  /** The library, if it is known; else ''. */
  readonly library: string
  readonly reason: string
  readonly hint: string
  /** A library within the program that is mostly read: where the program is probed, something else is the reason. */
  readonly isProbed?: true
}

const OTHER_END = 'What it says is seen where the other end is on this node and can be read.'

interface Kind {
  readonly library: string
  readonly reason: string
  /** With its symbols it could be read. */
  readonly isStripped?: true
}

/** Libraries by the names of their files. */
const BY_FILE: readonly (readonly [RegExp, Kind])[] = [
  [
    /^libjvm\./,
    {
      library: 'JSSE',
      reason: 'Java’s own TLS (JSSE) is Java code: it has no function that a probe can be put on',
    },
  ],
  [/^libmbedtls/, { library: 'Mbed TLS', reason: 'Mbed TLS is not read yet' }],
  [/^libwolfssl/, { library: 'wolfSSL', reason: 'wolfSSL is not read yet' }],
  [/^libs2n\./, { library: 's2n-tls', reason: 's2n-tls is not read yet' }],
  [/^libbotan/, { library: 'Botan', reason: 'Botan is not read yet' }],
]

const stripped = (library: string): Kind => ({
  library,
  reason: `${library} is within the program, and its symbols were removed`,
  isStripped: true,
})
const RUSTLS = stripped('rustls')
/** Libraries within a program, by words that it holds; the more telling ones first. */
const BY_WORD: readonly (readonly [string, Kind])[] = [
  ['rustls-0.23', RUSTLS],
  [
    'rustls-',
    {
      library: 'rustls',
      reason: 'rustls is within the program, in a version that can’t be read: 0.23 can',
    },
  ],
  ['BoringSSL', stripped('BoringSSL')],
  ['OpenSSL ', stripped('OpenSSL')],
]

const GO: Kind = {
  library: 'Go crypto/tls',
  reason:
    'Go’s crypto/tls was not found in this program: it is older than Go 1.18, or its names were changed',
}
const SYMBOLS = 'A build with symbols (not stripped) can be read. '

/** Bytes of a program that are searched for words, and how many at each step. */
const MAX_SEARCH = 192 << 20
const STEP = 1 << 20

/** The program itself first, then what it has loaded. */
export function filesOf(pid: number): MappedFile[] {
  const files = codeOf(pid) ?? []
  let program = ''
  try {
    program = readlinkSync(`/proc/${pid}/exe`)
  } catch {
    // It ended meanwhile.
  }
  return files.toSorted((a, b) => Number(b.path === program) - Number(a.path === program))
}

/** `files`: of a process that runs, as `filesOf` gives them. A piece of work at each step. */
export function* whyUnread(pid: number, files: readonly MappedFile[]): Generator<void, Why> {
  for (const { path } of files)
    for (const [name, kind] of BY_FILE) if (name.test(basename(path))) return { ...kind, hint: OTHER_END }
  const kind = yield* kindWithin(`/proc/${pid}/exe`)
  if (kind === GO) return { ...GO, hint: OTHER_END, isProbed: true }
  const hint = kind?.isStripped ? SYMBOLS + OTHER_END : OTHER_END
  if (kind === RUSTLS) return { ...kind, hint, isProbed: true }
  if (kind) return { ...kind, hint }
  return {
    library: '',
    reason: 'It runs no file with functions of a library that Nixie knows',
    hint: OTHER_END,
  }
}

/** Which library is in a program, as far as the file tells. */
function* kindWithin(path: string): Generator<void, Kind | undefined> {
  let elf: ElfFile | undefined
  try {
    elf = ElfFile.open(path)
    if (!elf) return undefined
    const sections = elf.sections()
    if (sections.some(({ name }) => name === '.go.buildinfo')) return GO
    yield
    const texts = sections.filter(({ name }) => name.startsWith('.rodata'))
    const places = texts.length > 0 ? texts : [{ offset: 0, bytes: elf.size }]
    for (const place of places) {
      const found = yield* search(elf, place.offset, Math.min(place.bytes, MAX_SEARCH))
      if (found) return found
    }
  } catch {
    // It ended meanwhile, or may not be looked at.
  } finally {
    elf?.close()
  }
  return undefined
}

function* search(elf: ElfFile, offset: number, bytes: number): Generator<void, Kind | undefined> {
  let best = BY_WORD.length
  for (let at = 0; at < bytes && best > 0; at += STEP) {
    const part = elf.read(offset + at, Math.min(STEP + 16, bytes - at))
    if (part.byteLength === 0) break
    const text = Buffer.from(part.buffer, 0, part.byteLength)
    const found = BY_WORD.findIndex(([word]) => text.includes(word, 0, 'latin1'))
    if (found >= 0) best = Math.min(best, found)
    yield
  }
  return BY_WORD[best]?.[1]
}
