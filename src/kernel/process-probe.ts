/** The process iterator (`bpf/process.bpf.c`), loaded: run when it is asked. */
import { readFileSync } from 'node:fs'
import arm64 from '../../dist/bpf/process.arm64.bpf.o' with { type: 'file' }
import x64 from '../../dist/bpf/process.x64.bpf.o' with { type: 'file' }
import { ThreadSamples } from '../events/process'
import type { ProbeStatus } from './kernel'
import { pageBytes } from './libc'
import { BpfObject } from './loader'
import { failed, pidNamespace, reason } from './probe'

const NAME = 'read_processes'
const PURPOSE = 'What each process uses: process_stats'

export class ProcessProbe {
  readonly status: ProbeStatus
  readonly #object: BpfObject
  readonly #pageBytes = pageBytes()

  private constructor(object: BpfObject) {
    this.#object = object
    this.status = { name: NAME, purpose: PURPOSE, attached: true, error: '', hint: '' }
  }

  /** Loads it and runs it once; what is in the way when that fails. */
  static open(): ProcessProbe | ProbeStatus {
    const path = { x64, arm64 }[process.arch as string]
    let object: BpfObject | undefined
    try {
      if (path === undefined) throw new Error(`there is no probe for ${process.arch}`)
      object = new BpfObject(new Uint8Array(readFileSync(path)))
      object.setKnob('pid_namespace', pidNamespace())
      object.load()
      object.iterate(NAME)
      return new ProcessProbe(object)
    } catch (cause) {
      object?.close()
      return failed(NAME, PURPOSE, reason(cause))
    }
  }

  static notWanted(error: string, hint: string): ProbeStatus {
    return failed(NAME, PURPOSE, error, hint)
  }

  /** A sample of every thread that there is; valid until the next call. */
  read(): ThreadSamples {
    return new ThreadSamples(this.#object.iterate(NAME), this.#pageBytes)
  }

  close(): void {
    this.#object.close()
  }
}
