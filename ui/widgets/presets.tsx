/** Usual time ranges, as links that fill in the field and run. */
import { here } from '../on-node'
import { stateUrl, type ViewState } from '../view-state'
import type { Place } from './place'

export const PRESETS = ['-5m', '-30m', '-1h', '-6h', '-24h'] as const

interface Props {
  readonly page: string
  readonly state: ViewState
  readonly preset: string
  readonly current?: string | undefined
}

export function PresetLink({ page, state, preset, current }: Props) {
  return (
    <a
      href={here(stateUrl(page, { ...state, args: { ...state.args, start_time: preset } }))}
      data-fill="arg-start_time"
      data-value={preset}
      aria-current={preset === current ? 'true' : undefined}
    >
      {preset.slice(1)}
    </a>
  )
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** Seconds of a relative time; undefined for an absolute one. */
export function reach(start: string): number | undefined {
  const match = /^-(\d+)([smhd])$/.exec(start)
  return match ? Number(match[1]) * SECONDS[match[2]!]! : undefined
}

/** Shown for a view without rows: its time range, and what to do about it. */
export function NothingAtAll({ place, reasons }: { place: Place; reasons: readonly string[] }) {
  const { start } = place
  const seconds = start === undefined ? undefined : reach(start)
  const further = seconds === undefined ? [] : PRESETS.filter((preset) => reach(preset)! > seconds)
  return (
    <div class="empty">
      <p>
        <strong>Nothing to show{start === undefined ? '' : ` since ${start}`}.</strong>
      </p>
      {reasons.map((reason) => (
        <p>{reason}</p>
      ))}
      {reasons.length === 0 ? (
        <p>
          Ask for less, or see under <a href={here('/health')}>Health</a> whether data comes in.
        </p>
      ) : null}
      {reasons.length === 0 && further.length > 0 ? (
        <p class="presets">
          Look further back:
          {further.map((preset) => (
            <PresetLink page={place.page} state={place.state} preset={preset} />
          ))}
        </p>
      ) : null}
    </div>
  )
}
