/** What of a process's TLS can be read: a part of `nixie check --process`. */
import { closeSync } from 'node:fs'
import type { CheckResult } from '../../kernel/capabilities'
import { type Finding, inspect } from './inspect'
import { type MappedFile, nameOf } from './mapped'
import { filesOf, type Why, whyUnread } from './why-unread'

/** Its result: all steps are made at once. */
function resultOf<T>(steps: Generator<void, T>): T {
  let step = steps.next()
  while (!step.done) step = steps.next()
  return step.value
}

export function checkProcess(pid: number): CheckResult[] {
  const files = filesOf(pid)
  const found = files.map((file) => ({ file, finding: resultOf(inspect(file)) }))
  for (const { finding } of found) if ('places' in finding) closeSync(finding.fd)
  const { ok, detail, hint } = answer(pid, files, found)
  return [{ name: `TLS of ${nameOf(pid)} (${pid})`, ok, detail, hint, required: false }]
}

function answer(
  pid: number,
  files: readonly MappedFile[],
  found: readonly { file: MappedFile; finding: Finding }[],
): Pick<CheckResult, 'ok' | 'detail' | 'hint'> {
  if (files.length === 0)
    return { ok: false, detail: 'its files can’t be looked at', hint: 'It may have ended; else run as root.' }
  const read = found.flatMap(({ file, finding }) => ('places' in finding ? [file.path] : []))
  if (read.length > 0) return { ok: true, detail: `read where it calls ${read.join(', ')}`, hint: '' }
  for (const { file, finding } of found)
    if ('why' in finding && finding.why !== undefined)
      return { ok: false, detail: `${file.path}: ${finding.why}`, hint: '' }
  return { ok: false, ...told(resultOf(whyUnread(pid, files))) }
}

const told = ({ reason, hint }: Why) => ({ detail: reason, hint })
