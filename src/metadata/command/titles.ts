/** Titles that programs write over their command lines. */
import type { NameOf } from './interpreters'
import { baseName } from './words'

export interface Title {
  readonly name: string
  /** It says which part of the program this is, and not which program: another process, its master, says that. */
  readonly isWorker: boolean
}

type Rule = readonly [RegExp, (found: RegExpExecArray, nameOf: NameOf) => string]

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '')

const RULES: readonly Rule[] = [
  [/^nginx: master process (.+)$/, ([, command], nameOf) => nameOf(words(command!))],
  [/^php-fpm[\d.]*: pool ([\w.-]+)/, ([, pool]) => `php-fpm: pool ${pool}`],
  [/^php-fpm[\d.]*: master/, () => 'php-fpm'],
  [/^gunicorn: \w+ \[([\w.:-]+)/, ([, app]) => `gunicorn ${app}`],
  [/^\[celeryd?: [^\]]*\][^(]*\(([^)]*)\)/, ([, command], nameOf) => nameOf(['celery', ...words(command!)])],
  [/^(puma|sidekiq|thin)\b.*?\[([A-Za-z][\w.-]*)\]/, ([, server, app]) => `${server} ${app}`],
  [/^sidekiq [\d.]+ ([A-Za-z][\w.-]*)/, ([, app]) => `sidekiq ${app}`],
  [
    /^unicorn(?:_rails)? (?:master|worker\[\d+\])(.*)$/,
    ([, rest], nameOf) => nameOf(['unicorn', ...words(rest!)]),
  ],
  [
    /^((?:redis|valkey|keydb)-(?:server|sentinel)) \S*?:(\d+)(?:\s|$)/,
    ([, server, port]) => `${server} :${port}`,
  ],
  [/^postgres: ([\w.-]+\/[\w.-]+): /, ([, cluster]) => `postgres ${cluster}`],
  [/^PM2 v[\d.]+: God Daemon/, () => 'PM2'],
  [/^npm (?:run |exec |start)/, (found, nameOf) => nameOf(words(found.input))],
]

/** `nginx: worker process`, `sshd: bob [priv]`, `uWSGI worker 1`, `resque-1.2: Waiting`. */
const WORKER = /^\[?([A-Za-z][\w./+-]{0,60}?)(?:-[\d.]+)?(?:: |\s(?:master|worker|manager)\b)/

/** What a title names; undefined when the text is none. */
export function titleOf(text: string, nameOf: NameOf): Title | undefined {
  for (const [shape, name] of RULES) {
    const found = shape.exec(text)
    if (found) return { name: name(found, nameOf), isWorker: false }
  }
  const worker = WORKER.exec(text)
  return worker ? { name: baseName(worker[1]!), isWorker: true } : undefined
}
