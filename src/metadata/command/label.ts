/** What a script, an archive or a configuration is called: its file, and the folder when the file's name says nothing. */
import { REDACTED } from '../../records/redacted'

/** Files of these names are everywhere. */
const GENERIC_FILES = new Set(
  'index main server app start run cli www manage console artisan wsgi asgi bootstrap entrypoint daemon worker init __main__ config conf settings default'.split(
    ' ',
  ),
)
const GENERIC_FOLDERS = new Set(
  'src dist build lib bin app out public current server scripts target etc conf config'.split(' '),
)
/** A folder below one of these is somebody's; these themselves say nothing. */
const SYSTEM_FOLDERS = new Set(
  'usr opt srv var home root data www html share local mnt workspace code'.split(' '),
)
const TEMPORARY = /^\/(?:tmp|var\/tmp|dev\/shm|dev\/fd|run\/user|proc)\//

/** A part that another start of the same program may not have: hashes, uuids, dates, names of temporary files. */
export function isRandom(name: string): boolean {
  if (name === '' || name.includes(REDACTED)) return true
  if (/^tmp[\w-]{5,}$/.test(name) || /^tmp\./.test(name)) return true
  return name
    .split(/[-_.]/)
    .some(
      (part) =>
        /^\d{5,}$/.test(part) ||
        (/^[0-9a-f]{8,}$/i.test(part) && /\d/.test(part) && /[a-f]/i.test(part)) ||
        (/^[0-9A-Za-z]{10,}$/.test(part) && /\d/.test(part) && /[a-z]/.test(part) && /[A-Z]/.test(part)),
    )
}

const stemOf = (file: string): string => file.replace(/(?<=.)\.[^.]+$/, '')

export const isGeneric = (file: string): boolean => GENERIC_FILES.has(stemOf(file))

/** What a pipe or a process substitution gives: a number that says nothing. */
const isDescriptor = (path: string): boolean => /^\/dev\/(?:fd\/|std)|^\/proc\/[^/]+\/fd\//.test(path)

/** `api.js`, `shop/index.js`; '' when nothing of it is lasting. A URL counts as a path. */
export function labelOf(path: string): string {
  const parts = path
    .replace(/[?#].*$/, '')
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..')
  const file = parts.pop()
  if (file === undefined || isRandom(stemOf(file)) || isDescriptor(path)) return ''
  if (!isGeneric(file) || TEMPORARY.test(path)) return file
  const kept = [file]
  for (let folder = parts.pop(); folder !== undefined; folder = parts.pop()) {
    if (SYSTEM_FOLDERS.has(folder) || isRandom(folder)) break
    kept.unshift(folder)
    if (!GENERIC_FOLDERS.has(folder)) return kept.join('/')
  }
  return file
}

const CONFIG_FLAG =
  /^(-[cCf]|--?(?:config|conf|cfg|config[-._]?file|conf[-._]?file|configuration|ini|defaults-(?:extra-)?file))(?:=(.*))?$/
const CONFIG_FILE =
  /\.(?:conf|cfg|cnf|ini|ya?ml|toml|json|properties|config|hcl|rb|py|lua|xml|env|vcl|rules)$/i

/** ` -c shop.conf` for a configuration that is not the program's usual one; else ''. */
export function configOf(program: string, args: readonly string[]): string {
  for (let i = 0; i < args.length; i++) {
    const attached = /^(-[cCf])(\/.+)$/.exec(args[i]!)
    const flag = attached ?? CONFIG_FLAG.exec(args[i]!)
    const value = flag?.[2] ?? args[i + 1] ?? ''
    if (!flag || !CONFIG_FILE.test(value)) continue
    const label = ownConfig(program, value)
    return label === '' ? '' : ` ${flag[1]} ${label}`
  }
  return ''
}

/** Label of a configuration; '' when it is named as the program, or lies in a folder of its name. */
export function ownConfig(program: string, path: string): string {
  const label = labelOf(path)
  const stem = stemOf(label.split('/').at(-1)!)
  const folder = label.includes('/') ? label.split('/')[0]! : ''
  const isUsual = [stem, folder].some(
    (name) => name !== '' && (program === name || program.startsWith(`${name}-`)),
  )
  return isUsual ? '' : label
}
