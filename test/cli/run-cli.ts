/** Runs a command line against captured outputs. */
import { main } from '../../src/cli'
import type { Config } from '../../src/config'

export interface Ran {
  readonly code: number
  readonly out: string
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
  let out = ''
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
        write: async (text) => {
          out += text
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
  return { code, out, err, served }
}
