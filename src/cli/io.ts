/** The terminal as the commands see it. */
import { escapeUnicode } from '../runner/formats/controls'

export interface Output {
  write(data: string | Uint8Array): Promise<void>
  readonly isTTY: boolean
  /** Columns of the terminal; undefined when the output is no terminal. */
  readonly columns: number | undefined
}

export interface Io {
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  readStdin(): Promise<string>
}

function outputOf(stream: NodeJS.WriteStream): Output {
  // `nixie … | head`: the reader has closed the pipe, which is no error.
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  return {
    write: (data) => new Promise((resolve) => stream.write(data, () => resolve())),
    isTTY: stream.isTTY === true,
    columns: stream.isTTY ? stream.columns : undefined,
  }
}

export function terminal(): Io {
  return {
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    env: process.env,
    readStdin: () => Bun.stdin.text(),
  }
}

const CHUNK = 64 << 10

/** Writes many small parts as few large ones. */
export async function writeAll(output: Output, parts: Iterable<string>): Promise<void> {
  let pending = ''
  for (const part of parts) {
    pending += part
    if (pending.length < CHUNK) continue
    await output.write(pending)
    pending = ''
  }
  if (pending !== '') await output.write(pending)
}

/** C0 and C1 controls, and the marks that change the direction of text: a terminal obeys them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Captured bytes are hostile: shows what a terminal would obey as escapes. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (char) => ESCAPES[char] ?? escapeUnicode(char))
}
