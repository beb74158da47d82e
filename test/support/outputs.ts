import type { ChildProcess } from 'node:child_process'

/** What a process has written so far; complete when it closes. */
export interface Outputs {
  stdout: string
  stderr: string
}

/** Collects the texts that a process with two pipes writes. */
export function outputsOf(child: ChildProcess): Outputs {
  const outputs: Outputs = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      outputs[name] += text
    })
  }
  return outputs
}
