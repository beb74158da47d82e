/** Which command runs, with which settings; help and completion, made from the same declarations. */
import { describe, expect, test } from 'bun:test'
import { VERSION } from '../../src/api/version'
import { type Command, optionsOf, parseCommand } from '../../src/cli/command'
import { COMMANDS } from '../../src/cli/commands'
import { readConfig, SETTINGS } from '../../src/config'
import { runCli } from './run-cli'

const SHOWN = COMMANDS.filter(({ hidden }) => !hidden)

describe('serve', () => {
  test('is what no command means', async () => {
    expect((await runCli([])).served).toEqual([readConfig({}, {})])
    expect((await runCli(['--listen', '127.0.0.1:7000'])).served[0]!.listen).toBe('127.0.0.1:7000')
  })

  test('takes every setting as a flag; flags win over the environment', async () => {
    const argv = ['serve', '--retention', '2h', '--capture=false', '--disk-budget', '1G']
    const { served } = await runCli(argv, { env: { NIXIE_RETENTION: '1h', NIXIE_BODY_LIMIT: '4K' } })
    expect(served[0]).toMatchObject({
      retention: 7200,
      capture: false,
      diskBudget: 1 << 30,
      bodyLimit: 4096,
    })
  })

  test('refuses a value of another shape, an unknown flag, a word', async () => {
    for (const argv of [
      ['serve', '--retention', 'long'],
      ['serve', '--lisen', 'x'],
      ['serve', 'now'],
      ['--redact', 'perhaps'],
      ['serve', '--', 'x'],
    ]) {
      const { code, err, served } = await runCli(argv)
      expect(code).toBe(2)
      expect(err).toContain('nixie serve: ')
      expect(served).toEqual([])
    }
  })
})

describe('serve --check-settings starts nothing, and says what it would not start with', () => {
  const check = (...argv: string[]) => runCli(['serve', '--check-settings', ...argv], { env: { HOME: '/' } })

  test('good ones', async () => {
    expect(await check('--listen', '127.0.0.1:0', '--data-dir', '/nowhere/nixie')).toMatchObject({
      code: 0,
      err: '',
      served: [],
    })
  })

  test('a port that is taken may be that of the one to replace', async () => {
    const other = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() })
    expect((await check('--listen', `127.0.0.1:${other.port}`)).code).toBe(0)
    await other.stop(true)
  })

  test.each([
    [['--listen', 'bogus'], "'bogus' is not HOST:PORT"],
    [['--listen', '0.0.0.0:7000'], 'needs a token'],
    [['--listen', '127.0.0.1:0', '--token-file', '/nowhere'], "token file can't be read"],
    [['--listen', '192.0.2.1:7000', '--token-file', import.meta.path], 'holds no token'],
    [['--listen', '127.0.0.1:0', '--data-dir', `${import.meta.path}/x`], 'is no directory'],
    [['--listen', '127.0.0.1:0', '--retention', 'long'], "'long' is not a number"],
  ])('%p', async (argv, words) => {
    const { code, err, served } = await check(...argv)
    expect(code).toBeGreaterThan(0)
    expect(err).toContain(words)
    expect(served).toEqual([])
  })
})

describe('an option that may stand alone', () => {
  const command = (positionals: number): Command => ({
    name: 'x',
    summary: '',
    positionals: Array.from({ length: positionals }, (_, i) => ({ name: `W${i}`, required: true })),
    options: [{ flag: 'kind', value: 'NAME', optional: true, help: '' }],
    run: async () => 0,
  })

  test.each([
    [0, ['--kind'], '', []],
    [0, ['--kind', 'a'], 'a', []],
    [0, ['--kind=a'], 'a', []],
    [1, ['--kind', 'w'], '', ['w']],
    [1, ['w', '--kind'], '', ['w']],
    [1, ['w', '--kind', 'a'], 'a', ['w']],
    [1, ['--kind', 'a', 'w'], 'a', ['w']],
    [1, ['--kind=a', 'w'], 'a', ['w']],
  ])('of a command with %d words: %p', (count, argv, value, words) => {
    const { flags, positionals } = parseCommand(command(count), argv)
    expect(flags.kind).toBe(value)
    expect(positionals).toEqual(words)
  })

  test('takes no second word', () => {
    expect(() => parseCommand(command(0), ['--kind', 'a', 'b'])).toThrow("Unexpected word 'b'")
  })
})

test('an unknown command is guessed, a half one is completed', async () => {
  const unknown = await runCli(['rnu'])
  expect(unknown).toMatchObject({ code: 2, out: '' })
  expect(unknown.err).toBe(
    "error: There is no command 'rnu'\nhint: Did you mean 'run'? 'nixie help' lists them.\n",
  )
  const half = await runCli(['script', 'lst'])
  expect(half.code).toBe(2)
  expect(half.err).toContain('script list, script show')
})

test('version', async () => {
  for (const argv of [['version'], ['--version'], ['-V']]) {
    expect(await runCli(argv)).toMatchObject({ code: 0, out: `nixie ${VERSION}\n` })
  }
})

describe('help', () => {
  test('says where arguments of a script belong', async () => {
    const { code, err } = await runCli(['run', 'px/http_data', '--start_time=-1m'])
    expect(code).toBe(2)
    expect(err).toContain("Arguments of the script follow '--', as in: -- --start_time VALUE.")
  })

  test('names every command', async () => {
    for (const argv of [['help'], ['--help'], ['-h']]) {
      const { code, out } = await runCli(argv)
      expect(code).toBe(0)
      for (const { name, summary, hidden } of COMMANDS) {
        if (hidden) expect(out).not.toContain(`  ${name} `)
        else expect(out).toMatch(new RegExp(`^  ${name} +${summary}`, 'm'))
      }
    }
  })

  for (const command of COMMANDS) {
    test(`of ${command.name} names every option, and needs nothing else`, async () => {
      const { code, out } = await runCli([...command.name.split(' '), '--help'])
      expect(code).toBe(0)
      expect(out).toStartWith(`${command.summary}\n\nUsage: nixie ${command.name}`)
      for (const { flag, help } of optionsOf(command)) {
        expect(out).toContain(`--${flag} `)
        expect(out).toContain(help)
      }
      expect((await runCli(['help', ...command.name.split(' ')])).out).toBe(out)
    })
  }

  test('of serve has every setting with its variable', async () => {
    const { out } = await runCli(['serve', '--help'])
    for (const { flag, env, help } of Object.values(SETTINGS)) {
      expect(out).toContain(`--${flag} VALUE`)
      expect(out).toContain(env)
      expect(out).toContain(help)
    }
  })

  test('of what is not there', async () => {
    expect((await runCli(['help', 'nothing'])).code).toBe(2)
  })
})

test('every word that begins a command has help, whole and in a terminal of any width', async () => {
  for (const first of new Set(SHOWN.map(({ name }) => name.split(' ')[0]!))) {
    const { code, out } = await runCli([first, '--help'])
    expect(code, first).toBe(0)
    expect((await runCli([first, '-h'])).out).toBe(out)
    const named = SHOWN.filter(({ name }) => name === first)
    const all = named.length > 0 ? named : SHOWN.filter(({ name }) => name.startsWith(`${first} `))
    for (const { name } of all) expect(out).toContain(`Usage: nixie ${name}`)
  }
  const words = (text: string) => text.split(/\s+/).join(' ')
  for (const argv of [['help'], ...SHOWN.map(({ name }) => [...name.split(' '), '--help'])]) {
    const { out } = await runCli(argv, { columns: 60 })
    expect(words(out)).toBe(words((await runCli(argv)).out))
    // An example stays as it is to be typed, and a long word is one.
    const long = out
      .split('\n')
      .filter((line) => line.length > 60 && !/^ {2}(?:nixie|sudo) |\S{24}/.test(line))
    expect(long, argv.join(' ')).toEqual([])
  }
})

describe('completion', () => {
  const script = async (shell: string) => (await runCli(['completion', shell])).out

  test('of bash completes commands, second words, options, choices', async () => {
    const source = await script('bash')
    const complete = (...words: string[]) => {
      const quoted = words.map((word) => `'${word}'`).join(' ')
      const code = `nixie() { echo px/http_data; }\n${source}\nCOMP_WORDS=(nixie ${quoted})\nCOMP_CWORD=${words.length}\n_nixie\nprintf '%s\\n' "\${COMPREPLY[@]}"`
      const ran = Bun.spawnSync(['bash', '--norc', '-c', code])
      expect(ran.stderr.toString()).toBe('')
      return ran.stdout.toString().trim().split('\n')
    }
    expect(complete('')).toEqual([...new Set(SHOWN.map(({ name }) => name.split(' ')[0]!))])
    expect(complete('sta')).toEqual(['status'])
    expect(complete('script', '')).toEqual(['list', 'show'])
    expect(complete('script', 'show', 'p')).toEqual(['px/http_data'])
    expect(complete('run', 'p')).toEqual(['px/http_data'])
    expect(complete('get', 's')).toEqual(['store'])
    expect(complete('run', '--sc')).toEqual(['--scripts-dir', '--schema'])
    expect(complete('run', '--da')).toEqual(['--data-dir'])
    expect(complete('run', 'px/http_data', '--fi')).toEqual(['--file'])
    expect(complete('run', '-o', '')).toEqual(['table', 'json', 'ndjson', 'csv', 'arrow'])
    expect(complete('script', 'show', '-o', '')).toEqual(['text', 'json', 'pxl'])
    expect(complete('completion', 'f')).toEqual(['fish'])
    expect(complete('replay', '--table', 'px')).toEqual(['px/http_data'])
  })

  test('names tables when no Nixie answers, too', async () => {
    const source = await script('bash')
    const code = `nixie() { return 1; }\n${source}\nfor words in 'get http' 'tables http' 'replay --table http'; do COMP_WORDS=(nixie $words); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _nixie; echo "\${COMPREPLY[@]}"; done`
    const ran = Bun.spawnSync(['bash', '--norc', '-c', code])
    expect(ran.stdout.toString()).toBe('http_events\nhttp_events\nhttp_events\n')
  })

  test('of zsh and fish knows every command and option', async () => {
    for (const shell of ['zsh', 'fish']) {
      const source = await script(shell)
      for (const command of SHOWN) {
        expect(source).toContain(command.name.split(' ').at(-1)!)
        for (const { flag } of optionsOf(command)) expect(source).toContain(flag)
      }
    }
  })

  test('of another shell is refused', async () => {
    const { code, err } = await runCli(['completion', 'bahs'])
    expect(code).toBe(2)
    expect(err).toContain("Did you mean 'bash'?")
  })
})

test('a script without text is told from one that shows nothing', async () => {
  const { code, err } = await runCli(['run', '-f', '-'], { stdin: ' \n' })
  expect(code).toBe(1)
  expect(err).toStartWith(
    'error: Standard input is empty, and should be a script\nhint: The shortest one is: ',
  )
})
