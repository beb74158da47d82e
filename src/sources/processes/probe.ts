/** The process iterator (`bpf/process.bpf.c`): it runs when asked. */
import arm64 from '../../../dist/bpf/process.arm64.bpf.o' with { type: 'file' }
import x64 from '../../../dist/bpf/process.x64.bpf.o' with { type: 'file' }
import type { ObjectSpec } from '../../kernel/object'
import { pidNamespace } from '../../kernel/probe'

export const SOURCE_NAME = 'process_stats'

export const PROCESS_OBJECT = {
  source: SOURCE_NAME,
  files: { x64, arm64 },
  programs: {
    read_processes: { purpose: 'What each process uses: process_stats', placement: 'iterator' },
  },
  knobs: () => ({ pid_namespace: pidNamespace() }),
} as const satisfies ObjectSpec<string>
