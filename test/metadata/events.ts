/** Process events as the identity probe would tell them. */
import {
  PROCESS_EXEC,
  PROCESS_EXIT,
  PROCESS_FORK,
  PROCESS_RENAME,
  type ProcessEvent,
  type ProcessEventKind,
  ProcessParts,
} from '../../src/events/identity'

export interface Life {
  readonly pid: number
  readonly ticks?: number
  readonly parent?: number
  readonly comm?: string
}

const cgroupBytes = (paths: readonly string[]): string =>
  paths
    .map(
      (path) =>
        `${path
          .split('/')
          .filter(Boolean)
          .reverse()
          .map((folder) => `${folder}\0`)
          .join('')}\0`,
    )
    .join('')

function partsOf(args: readonly string[], exe: string, cgroups: readonly string[]): ProcessParts {
  const before = Buffer.from(cgroupBytes(cgroups))
  const program = Buffer.from(exe === '' ? '' : `${exe}\0`)
  const bytes = Buffer.concat([
    before,
    program,
    Buffer.from(args.map((argument) => `${argument}\0`).join('')),
  ])
  return new ProcessParts(bytes, before.length, program.length)
}

const event = (kind: ProcessEventKind, life: Life, parts?: ProcessParts): ProcessEvent => ({
  kind,
  pid: life.pid,
  startTicks: life.ticks ?? 7,
  parentPid: life.parent ?? 0,
  parentStartTicks: life.parent === undefined ? 0 : 7,
  comm: life.comm ?? 'comm',
  parts: () => parts,
})

export const exec = (life: Life, args: readonly string[], exe = '', cgroups: readonly string[] = ['/']) =>
  event(PROCESS_EXEC, life, partsOf(args, exe, cgroups))

/** `cgroups`: where it is born into others than its parent's. */
export const fork = (life: Life, cgroups?: readonly string[]) =>
  event(PROCESS_FORK, life, cgroups && partsOf([], '', cgroups))

export const rename = (life: Life) => event(PROCESS_RENAME, life)
export const exit = (life: Life) => event(PROCESS_EXIT, life)
