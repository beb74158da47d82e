/** Runs a command line against captured outputs. */
import { main } from '../../src/cli'
import type { Config } from '../../src/config'

export interface Ran {
  readonly code: number
  readonly out: string
  /** The same, as it was written. */
  readonly bytes: Uint8Array
  readonly err: string
  /** What `serve` was started with. */
  readonly served: readonly Config[]
}

interface Setting {
  readonly env?: Record<string, string>
  readonly stdin?: string
  /** Columns of a terminal; none: the output is piped. */
  readonly columns?: number
}

export async function runCli(
  argv: readonly string[],
  { env = {}, stdin = '', columns }: Setting = {},
): Promise<Ran> {
  const out: Buffer[] = []
  let err = ''
  const served: Config[] = []
  const isTTY = columns !== undefined
  const code = await main(argv, {
    serve: async (config) => {
      served.push(config)
      return 0
    },
    io: {
      stdout: {
        write: async (data) => {
          out.push(Buffer.from(data as string))
        },
        isTTY,
        columns,
      },
      stderr: {
        write: async (text) => {
          err += text
        },
        isTTY,
        columns,
      },
      env,
      readStdin: async () => stdin,
    },
  })
  const bytes = Buffer.concat(out)
  return { code, out: bytes.toString(), bytes: new Uint8Array(bytes), err, served }
}
