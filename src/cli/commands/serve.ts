import { type Config, readConfig, SETTINGS } from '../../config'
import { NixieError } from '../../errors'
import { type Command, type Given, type Option, UsageError } from '../command'

const UNITS: Readonly<Record<string, (value: number) => string>> = {
  retention: (seconds) => `${seconds / 3600}h`,
  diskBudget: (bytes) => (bytes === 0 ? '' : String(bytes)),
  ringBytes: (bytes) => `${bytes >> 20}M`,
  cpuBudget: (share) => (share === 0 ? 'off' : `${share * 100}%`),
}

const OPTIONS: readonly Option[] = Object.entries(SETTINGS).map(
  ([name, { flag, env, help, shape, fallback }]) => ({
    flag,
    value: 'VALUE',
    help: `${help}: ${shape}`,
    env,
    fallback: UNITS[name]?.(fallback as number) ?? String(fallback),
  }),
)

/** The settings that flags and environment give. @throws UsageError for one that is none */
export function settingsOf({ flags, io }: Given): Config {
  try {
    return readConfig(flags, io.env)
  } catch (cause) {
    if (cause instanceof NixieError) throw new UsageError(cause.message, cause.shape.hint)
    throw cause
  }
}

export const serve: Command = {
  name: 'serve',
  summary: 'Trace this node, store what it records, answer over HTTP',
  positionals: [],
  options: [
    ...OPTIONS,
    {
      flag: 'check-settings',
      help: 'Only say whether it would start with these settings; nothing is started or changed',
    },
  ],
  run: async ({ flags, io, deps }) => {
    const config = settingsOf({ flags, io })
    if (flags['check-settings'] !== undefined) {
      ;(await import('../settings-check')).checkSettings(config)
      return 0
    }
    return deps.serve(config)
  },
}
