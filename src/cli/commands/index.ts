/** The commands, in the order of the help. */
import { VERSION } from '../../api/version'
import { type Command, UsageError } from '../command'
import { completion as completionText, SHELLS, type Shell } from '../completion'
import { commandHelp, generalHelp } from '../help'
import { check } from './check'
import { deleteNixie } from './delete'
import { demoDelete, demoDeploy } from './demo'
import { deploy } from './deploy'
import { get } from './get'
import { image } from './image'
import { record } from './record'
import { replay } from './replay'
import { run } from './run'
import { sample } from './sample'
import { scriptList, scriptShow } from './script'
import { serve } from './serve'
import { status } from './status'
import { getStore } from './store'
import { storeClear } from './store-clear'
import { tables } from './tables'
import { ui } from './ui'

const version: Command = {
  name: 'version',
  summary: 'Print the version',
  positionals: [],
  options: [],
  run: async ({ io }) => {
    await io.stdout.write(`nixie ${VERSION}\n`)
    return 0
  },
}

const help: Command = {
  name: 'help',
  summary: 'Show the commands, or help on one',
  positionals: [
    { name: 'COMMAND', required: false, completes: 'command' },
    { name: 'SUBCOMMAND', required: false },
  ],
  options: [],
  run: async ({ io, positionals }) => {
    const name = positionals.join(' ')
    if (name === '') {
      await io.stdout.write(generalHelp(COMMANDS, io.stdout.columns))
      return 0
    }
    const exact = COMMANDS.filter((command) => command.name === name)
    const found = exact.length > 0 ? exact : COMMANDS.filter((command) => command.name.startsWith(`${name} `))
    if (found.length === 0) throw new UsageError(`There is no command '${name}'`, "'nixie help' lists them.")
    await io.stdout.write(found.map((command) => commandHelp(command, io.stdout.columns)).join('\n'))
    return 0
  },
}

const completion: Command = {
  name: 'completion',
  summary: 'Print a completion script for a shell',
  details: 'For example: source <(nixie completion bash)',
  positionals: [{ name: 'SHELL', required: true, choices: SHELLS }],
  options: [],
  run: async ({ io, positionals }) => {
    const shown = COMMANDS.filter(({ hidden }) => !hidden)
    const { TABLES } = await import('../../sources/tables')
    const names = TABLES.map((table) => table.name)
    await io.stdout.write(completionText(positionals[0] as Shell, shown, names))
    return 0
  },
}

export const COMMANDS: readonly Command[] = [
  serve,
  run,
  scriptList,
  scriptShow,
  get,
  getStore,
  tables,
  status,
  ui,
  check,
  record,
  replay,
  deploy,
  deleteNixie,
  demoDeploy,
  demoDelete,
  image,
  storeClear,
  sample,
  completion,
  version,
  help,
]
