/** Where the socket probe attaches: the best kind of hooks that this kernel accepts, found by trying. */
import { release } from 'node:os'
import arm64 from '../../../dist/bpf/socket.arm64.bpf.o' with { type: 'file' }
import x64 from '../../../dist/bpf/socket.x64.bpf.o' with { type: 'file' }
import classicArm64 from '../../../dist/bpf/socket_classic.arm64.bpf.o' with { type: 'file' }
import classicX64 from '../../../dist/bpf/socket_classic.x64.bpf.o' with { type: 'file' }
import exitArm64 from '../../../dist/bpf/socket_exit.arm64.bpf.o' with { type: 'file' }
import exitX64 from '../../../dist/bpf/socket_exit.x64.bpf.o' with { type: 'file' }
import type { Kernel, ProbeStatus } from '../../kernel/kernel'
import type { ObjectSpec, ProgramSpec } from '../../kernel/object'
import { skipsTyped } from '../../kernel/skipped-calls'
import type { SocketObject } from './totals'

/** `typed` and `classic`: the tracepoints of the socket layer (Linux 6.3). `exit`: the exit of every system call. */
export type Hooks = 'typed' | 'classic' | 'exit'

interface Variant {
  readonly words: string
  readonly files: Readonly<Record<string, string>>
  readonly programs: Readonly<Record<string, ProgramSpec>>
}

const STATE = { purpose: 'Opening and closing of TCP connections, and which side opened them' }
const LISTENERS = { purpose: 'Sides of connections older than Nixie', placement: 'iterator' } as const
const CONNECTIONS = {
  purpose: 'Connections older than Nixie that are at rest',
  placement: 'iterator',
} as const
const SENT = { purpose: 'Data that processes send over TCP and UDP', required: true }
const RECEIVED = { purpose: 'Data that processes receive over TCP and UDP', required: true }
const PEER = { purpose: 'Where received datagrams come from', required: true, placement: 'cgroup' } as const
const OWNERS = { purpose: 'Owners of connections without data', placement: 'later' } as const
const TOTALS = { purpose: 'Bytes of each connection', placement: 'later', required: true } as const

/**
 * The order in which the programs are attached: those that follow states come first, so that no opening is missed; the
 * listeners come before those for data, which find their connections themselves.
 */
const VARIANTS: Readonly<Record<Hooks, Variant>> = {
  typed: {
    words: 'typed tracepoints of sockets',
    files: { x64, arm64 },
    programs: {
      socket_state: STATE,
      find_listeners: LISTENERS,
      datagram_from_v4: PEER,
      datagram_from_v6: PEER,
      sent_typed: SENT,
      received_typed: RECEIVED,
      find_connections: CONNECTIONS,
      find_owners: OWNERS,
      each_connection: TOTALS,
    },
  },
  classic: {
    words: 'classic tracepoints of sockets',
    files: { x64: classicX64, arm64: classicArm64 },
    programs: {
      socket_state: STATE,
      find_listeners: LISTENERS,
      datagram_from_v4: PEER,
      datagram_from_v6: PEER,
      sent_classic: SENT,
      received_classic: RECEIVED,
      find_connections: CONNECTIONS,
      find_owners: OWNERS,
      each_connection: TOTALS,
    },
  },
  exit: {
    words: 'the exit of every system call',
    files: { x64: exitX64, arm64: exitArm64 },
    programs: {
      socket_state: STATE,
      find_listeners: LISTENERS,
      sys_exit: {
        purpose: 'Data that processes move over TCP and UDP, but not by io_uring or splice',
        required: true,
      },
      find_connections: CONNECTIONS,
    },
  },
}

/** The kinds of hooks for a kernel of this release, the best first. */
export const hooksInOrder = (kernelRelease: string): readonly Hooks[] =>
  skipsTyped(kernelRelease) ? ['classic', 'typed', 'exit'] : ['typed', 'classic', 'exit']

export interface Hooked {
  readonly hooks: Hooks
  readonly probes: readonly ProbeStatus[]
  /** Undefined when the kernel accepts none. */
  readonly object: SocketObject | undefined
}

/** The kernel's error in one line. */
const whyNot = (missing: ProbeStatus | undefined) =>
  missing?.error.split('\n', 1)[0] ?? 'no program was taken'

/**
 * Opens the best kind of hooks that the kernel accepts. Its probes say which better kinds they stand in for, and why.
 *
 * @param among the kinds to try, the best first
 */
export function openHooks(
  kernel: Kernel,
  spec: Omit<ObjectSpec<string>, 'files' | 'programs'>,
  among: readonly Hooks[] = hooksInOrder(release()),
): Hooked {
  const refused: string[] = []
  for (const hooks of among) {
    const { words, files, programs } = VARIANTS[hooks]
    const { probes, object, missing } = kernel.open({ ...spec, files, programs })
    if (object) return { hooks, probes: probes.map((probe) => standingIn(probe, refused)), object }
    if (!kernel.enabled || hooks === among.at(-1)) return { hooks, probes, object }
    refused.push(`${words} (${whyNot(missing)})`)
  }
  throw new Error('there are no hooks to try')
}

function standingIn(probe: ProbeStatus, refused: readonly string[]): ProbeStatus {
  if (refused.length === 0 || !probe.attached || !probe.required) return probe
  return { ...probe, hint: `It stands in for ${refused.join(' and ')}` }
}
