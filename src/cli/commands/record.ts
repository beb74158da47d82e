import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import { VERSION } from '../../api/version'
import { bytesOf, type Config, SETTINGS, secondsOf } from '../../config'
import { messageOf, NixieError } from '../../errors'
import { whyNotTracing } from '../../kernel/capabilities'
import type { Recording } from '../../recording/recorder'
import type { Unsaid } from '../../recording/redact'
import { type Command, type Given, UsageError } from '../command'
import { type Io, printable } from '../io'
import { bytesText } from '../values'
import { settingsOf } from './serve'

const DEFAULT_SECONDS = '10s'
const MAX_SECONDS = 3600
const DEFAULT_SIZE = '64M'
const LEAST_BYTES = 64 << 10
/** As much may be read again. */
const MOST_BYTES = 512 << 20

/** Settings of the server that it records for. */
const OWN_SETTINGS = ['listen', 'redactExtra'] as const

interface Asked {
  readonly seconds: number
  readonly maxBytes: number
  /** `-` for standard output. */
  readonly file: string
  readonly config: Config
}

const STDOUT = '-'

function asked({ flags, io }: Given): Asked {
  const seconds = secondsOf(flags.for ?? DEFAULT_SECONDS)
  if (seconds === undefined || seconds > MAX_SECONDS)
    throw new UsageError(`--for: '${flags.for}' is no time such as 10s or 2m, up to an hour`)
  const maxBytes = bytesOf(flags['max-size'] ?? DEFAULT_SIZE)
  if (maxBytes === undefined || maxBytes < LEAST_BYTES || maxBytes > MOST_BYTES)
    throw new UsageError(`--max-size: '${flags['max-size']}' is no size from 64K to 512M`)
  const config = settingsOf({ flags, io })
  const given = flags.output ?? `nixie-${new Date().toISOString().replaceAll(':', '-').slice(0, 19)}.rec`
  const file = given === '/dev/stdout' ? STDOUT : given
  if (file === STDOUT && io.stdout.isTTY)
    throw new UsageError('A recording is no text for a terminal', 'Write it to a file: -o FILE.')
  return { seconds, maxBytes, file, config }
}

/** What a path leads to that is there and is no file. */
function otherThanFile(path: string): string | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found || found.isFile()) return undefined
  if (found.isFIFO()) return 'a pipe'
  if (found.isDirectory()) return 'a directory'
  if (found.isSymbolicLink()) return 'a link'
  return found.isSocket() ? 'a socket' : 'a device'
}

/** The file, for its owner alone; what is in it stays until there is something to write. */
function openFile(path: string, mayReplace: boolean): number {
  const other = otherThanFile(path)
  if (other !== undefined)
    throw new NixieError(
      'store_error',
      `The recording can't be written: ${path} is ${other}`,
      'Name a file with -o; -o - writes to standard output, as for a pipe.',
    )
  try {
    const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants
    const fd = openSync(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600)
    const stat = fstatSync(fd)
    // In a directory of all, another account may have put it there, and would own what is written.
    if (!stat.isFile() || stat.uid !== process.geteuid?.() || stat.nlink !== 1) {
      closeSync(fd)
      throw new Error(`${path} is there, and is no file of this account alone`)
    }
    if (stat.size > 0 && !mayReplace) {
      closeSync(fd)
      throw new NixieError(
        'store_error',
        `${path} is there already`,
        'Name another file with -o, or replace it: --force.',
      )
    }
    fchmodSync(fd, 0o600)
    return fd
  } catch (cause) {
    if (cause instanceof NixieError) throw cause
    throw new NixieError(
      'store_error',
      `The recording can't be written: ${messageOf(cause)}`,
      'Name a file with -o, in a directory that you may write to.',
    )
  }
}

function write(fd: number, { tape, header }: Recording): number {
  ftruncateSync(fd, 0)
  let written = 0
  for (const part of tape.file(header)) {
    for (let at = 0; at < part.length; ) at += writeSync(fd, part, at, part.length - at)
    written += part.length
  }
  return written
}

const ENDINGS = {
  time: '',
  signal: ', ended by a signal',
  size: ', ended as it was full (--max-size)',
} as const

async function tell(
  io: Io,
  file: string,
  bytes: number,
  { header, tape, missing, unsaid }: Recording,
): Promise<void> {
  const { seconds, ending, redacted } = header
  const lines = [
    ...missing.map(({ name, error }) => `not attached: ${name}: ${error.split('\n', 1)[0]}`),
    `${file === STDOUT ? 'Standard output' : file}: ${tape.frames} frames of ${seconds.toFixed(1)} s, ${bytesText(bytes)}${ENDINGS[ending]}`,
    `Replaced: ${redacted.secret} bytes of secrets, ${redacted.unread} bytes that could not be looked into. Addresses, paths, names and what nothing tells to be a secret are still in it: look before you give it to others.`,
    ...unsaidLines(unsaid),
    ...(file === STDOUT ? [] : [`See its rows: nixie replay ${file}`]),
  ]
  await io.stderr.write(lines.map((line) => `${printable(line)}\n`).join(''))
}

/** Whose messages the recording lacks, and why. */
export function unsaidLines({ http2, websocket, encrypted }: Unsaid): string[] {
  const coded = [
    ...(http2 > 0 ? [`${http2} of HTTP/2`] : []),
    ...(websocket > 0 ? [`${websocket} of WebSocket`] : []),
  ]
  return [
    ...(coded.length > 0
      ? [
          `Left out: what connections say in a code in which secrets can't be replaced (${coded.join(', ')}). Replayed, they have no rows of that.`,
        ]
      : []),
    ...(encrypted > 0
      ? [
          `Encrypted: ${encrypted} connections of TLS. Only their encrypted bytes are recorded, also where serve reads what is within.`,
        ]
      : []),
  ]
}

export const record: Command = {
  name: 'record',
  summary: 'Record what the kernel tells for some seconds, without its secrets, for nixie replay',
  details:
    'It takes the rights that serve takes, and works beside a running Nixie, whose own traffic is left out. Secrets are replaced by as many other characters before anything is written, by the rules by which serve keeps them out of its rows; what no protocol reads is left out, and so is what HTTP/2 and WebSocket say, in whose codes nothing can be replaced, and what is within TLS. The file is for its owner alone (0600).\n\n  sudo nixie record --for 10s -o slow.rec\n  nixie replay slow.rec',
  positionals: [],
  options: [
    {
      flag: 'for',
      value: 'TIME',
      help: 'How long to record: 10s, 2m, at most 1h; Ctrl+C ends it earlier',
      fallback: DEFAULT_SECONDS,
    },
    {
      flag: 'output',
      short: 'o',
      value: 'FILE',
      help: 'Where to, - for standard output; without it nixie-TIME.rec',
    },
    { flag: 'force', help: 'Replace the file, if it is there' },
    { flag: 'max-size', value: 'SIZE', help: 'Ends when the file is so large', fallback: DEFAULT_SIZE },
    ...OWN_SETTINGS.map((name) => {
      const { flag, env, help, shape, fallback } = SETTINGS[name]
      return { flag, value: 'VALUE', help: `As of serve. ${help}: ${shape}`, env, fallback }
    }),
  ],
  run: async (invocation) => {
    const { io, deps } = invocation
    const { file, ...options } = asked(invocation)
    await deps.prepare?.({ ...options.config, dataDir: dirname(resolve(file)) })
    const target = targetOf(file, invocation)
    const not = whyNotTracing()
    if (not) {
      target.giveUp()
      throw new NixieError('unauthorized', not.why, not.remedy)
    }
    const stop = new AbortController()
    const end = () => stop.abort()
    process.once('SIGINT', end).once('SIGTERM', end)
    try {
      // Loads the kernel side's library: only what captures needs it.
      const recorder = await import('../../recording/recorder')
      const limits = `${options.seconds} s, at most ${bytesText(options.maxBytes)}`
      const began = () => io.stderr.write(`Recording for ${limits}; Ctrl+C ends it\n`)
      const recording = await recorder.record({ ...options, version: VERSION, began }, stop.signal)
      const bytes = await target.write(recording)
      await tell(io, file, bytes, recording)
      return 0
    } finally {
      process.off('SIGINT', end).off('SIGTERM', end)
      target.giveUp()
    }
  },
}

/** Where a recording goes. */
interface Target {
  /** Its bytes. */
  readonly write: (recording: Recording) => Promise<number>
  /** At the end: what was made for nothing is removed. */
  readonly giveUp: () => void
}

function targetOf(file: string, { io, flags }: Given): Target {
  if (file === STDOUT) return { write: (recording) => writeOut(io, recording), giveUp: () => {} }
  const fd = openFile(file, flags.force !== undefined)
  let isWritten = false
  return {
    write: async (recording) => {
      const bytes = write(fd, recording)
      isWritten = true
      return bytes
    },
    giveUp: () => {
      closeSync(fd)
      if (!isWritten) removeEmpty(file)
    },
  }
}

async function writeOut(io: Io, { tape, header }: Recording): Promise<number> {
  let written = 0
  for (const part of tape.file(header)) {
    await io.stdout.write(part)
    written += part.length
  }
  return written
}

/** A file that was made for nothing. */
function removeEmpty(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.size === 0) rmSync(path)
}
