import type { Command } from '../command'
import { TEXT_OUTPUT } from './status'

export const check: Command = {
  name: 'check',
  summary: 'Say whether this host can be traced, and what is missing',
  details: 'Exit code 1: capture cannot work here.',
  positionals: [],
  options: [TEXT_OUTPUT],
  run: async ({ flags, io }) => {
    // Loads the kernel side's library: only this command and the capture thread need it.
    const { checkHost } = await import('../../kernel/check')
    const { checkPrograms } = await import('../../sources/check')
    const checks = [...checkHost(), ...checkPrograms()]
    const works = checks.every(({ ok, required }) => ok || !required)
    if (flags.output === 'json') {
      await io.stdout.write(`${JSON.stringify({ ok: works, checks }, null, 2)}\n`)
      return works ? 0 : 1
    }
    const width = Math.max(...checks.map(({ name }) => name.length))
    const indent = ' '.repeat('FAIL'.length + 2 + width + 2)
    const told = new Set<string>()
    for (const { name, ok, detail: whole, hint: remedy, required } of checks) {
      // Without privileges every program fails in the same way. libbpf's many lines are shown once for each remedy.
      const again = !ok && told.has(remedy)
      const detail = again ? whole.split(/: libbpf|\n/, 1)[0]! : whole
      const hint = again ? '' : remedy
      if (!ok) told.add(remedy)
      const mark = ok ? 'ok  ' : required ? 'FAIL' : 'warn'
      await io.stdout.write(`${mark}  ${name.padEnd(width)}  ${detail.replaceAll('\n', `\n${indent}`)}\n`)
      if (!ok && hint !== '') await io.stdout.write(`${indent}${hint}\n`)
    }
    await io.stdout.write(works ? '\nCapture can work here.\n' : '\nCapture cannot work here.\n')
    return works ? 0 : 1
  },
}
