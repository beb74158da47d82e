import type { Command, Option } from '../command'
import { TEXT_OUTPUT } from './status'

const PROCESS: Option = {
  flag: 'process',
  value: 'PID|NAME',
  help: 'Say instead what of a process’s TLS can be read, and if not, why',
}

export const check: Command = {
  name: 'check',
  summary: 'Say whether this host can be traced, and what is missing',
  details: 'Exit code 1: capture cannot work here, or there is no such process.',
  positionals: [],
  options: [TEXT_OUTPUT, PROCESS],
  run: async ({ flags, io }) => {
    // Loads the kernel side's library: only this command and the capture thread need it.
    const { checkHost } = await import('../../kernel/check')
    const { checkPrograms, checkProcesses } = await import('../../sources/check')
    const process = flags.process
    const checks = process === undefined ? [...checkHost(), ...checkPrograms()] : checkProcesses(process)
    const works = checks.every(({ ok, required }) => ok || !required)
    if (flags.output === 'json') {
      await io.stdout.write(`${JSON.stringify({ ok: works, checks }, null, 2)}\n`)
      return works ? 0 : 1
    }
    const end = process === undefined ? `\nCapture ${works ? 'can' : 'cannot'} work here.\n` : ''
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
    await io.stdout.write(end)
    return works ? 0 : 1
  },
}
