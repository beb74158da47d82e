/** The live view of a script: arguments, RUN, widgets, refresh. */
import type { Child } from 'hono/jsx'
import type { ScriptInfo, ScriptVariable } from '../../src/runner/runner'
import { type Kind, kindOf } from '../entities'
import type { KnownScripts } from '../format'
import { here, NodeField } from '../on-node'
import { editUrl, LIVE_SECONDS, sortText, stateUrl, type ViewState } from '../view-state'
import { PRESETS, PresetLink } from '../widgets/presets'
import { Trail } from './trail'

interface Props {
  readonly script: ScriptInfo
  readonly state: ViewState
}

export const pagePath = (script: ScriptInfo): string => `/scripts/${script.name}`
export const fragmentPath = (script: ScriptInfo): string => `/scripts/${script.name}/result`

/** Examples of the plain types, as hints in empty fields. */
function placeholder(variable: ScriptVariable): string {
  if (variable.name === 'start_time' || variable.name === 'end_time') return '-5m, -1h, 2026-01-31 12:00'
  return variable.defaultValue === undefined ? 'needed' : ''
}

const isNumber = (variable: ScriptVariable): boolean => variable.type === 'PX_INT64'

function choices(variable: ScriptVariable): readonly string[] | undefined {
  return variable.validValues ?? (variable.type === 'PX_BOOLEAN' ? ['true', 'false'] : undefined)
}

interface FieldProps {
  /** Shown in place of the description. */
  readonly below?: Child
  readonly variable: ScriptVariable
  readonly value: string | undefined
  /** Prefix of the field's name, where variables share a form with other fields. */
  readonly prefix?: string
}

/** Names are asked for while the reader types. */
const suggested = (kind: Kind, name: string, id: string) => ({
  list: `${id}-names`,
  'hx-get': here(`/entities/${kind}?_by=${encodeURIComponent(name)}`),
  'hx-trigger': 'focus once, input delay:120ms',
  'hx-target': `#${id}-names`,
  'hx-swap': 'innerHTML',
  'hx-sync': 'this:replace',
})

export function Suggestions({ names }: { names: readonly string[] }) {
  return (
    <>
      {names.map((name) => (
        <option value={name} />
      ))}
    </>
  )
}

/** Links that fill in the field and run. */
function Presets({ script, state }: Props) {
  const variable = script.variables.find((v) => v.name === 'start_time')
  const current = state.args.start_time ?? variable?.defaultValue
  return (
    <p class="presets">
      {PRESETS.map((preset) => (
        <PresetLink page={pagePath(script)} state={state} preset={preset} current={current} />
      ))}
    </p>
  )
}

export function Field({ variable, value, prefix = '', below }: FieldProps) {
  const id = `arg-${variable.name}`
  const name = prefix + variable.name
  const described = variable.description && !below ? `${id}-help` : undefined
  const current = value ?? variable.defaultValue ?? ''
  const options = choices(variable)
  const kind = kindOf(variable)
  return (
    <div class={kind ? 'field broad' : 'field'}>
      <label for={id}>{variable.name}</label>
      {options ? (
        <select id={id} name={name} aria-describedby={described}>
          {(options.includes(current) ? options : [current, ...options]).map((option) => (
            <option value={option} selected={option === current}>
              {option}
            </option>
          ))}
        </select>
      ) : (
        <input
          id={id}
          name={name}
          value={current}
          placeholder={placeholder(variable)}
          inputmode={isNumber(variable) ? 'numeric' : undefined}
          aria-describedby={described}
          autocomplete="off"
          spellcheck={false}
          {...(kind ? suggested(kind, name, id) : {})}
        />
      )}
      {kind ? <datalist id={`${id}-names`} /> : null}
      {below ?? null}
      {described && !below ? (
        <p id={described} class="help" title={variable.description}>
          {variable.description}
        </p>
      ) : null}
    </div>
  )
}

function LiveSelect({ live }: { live: number }) {
  return (
    <div class="field narrow">
      <label for="live">Refresh</label>
      <select id="live" name="_live">
        <option value="" selected={live === 0}>
          off
        </option>
        {LIVE_SECONDS.map((seconds) => (
          <option value={String(seconds)} selected={live === seconds}>
            every {seconds} s
          </option>
        ))}
      </select>
    </div>
  )
}

/** Arguments that the script doesn't declare stay visible, so that the error about them can be acted on. */
function undeclared({ script, state }: Props): ScriptVariable[] {
  return Object.keys(state.args)
    .filter((name) => !script.variables.some((v) => v.name === name))
    .map((name) => ({
      name,
      type: 'PX_STRING',
      defaultValue: '',
      description: 'not an argument of this script',
    }))
}

function ArgumentForm({ script, state }: Props) {
  return (
    <form
      id="args"
      class="args"
      action={pagePath(script)}
      hx-get={fragmentPath(script)}
      hx-trigger="submit, change from:#live"
      hx-target="#result"
      hx-swap="innerMorph"
      hx-sync="#result:replace"
      hx-indicator="#result"
    >
      {script.variables.some(({ name }) => name === 'node') ? null : <NodeField />}
      {[...script.variables, ...undeclared({ script, state })].map((variable) => (
        <Field
          variable={variable}
          value={state.args[variable.name]}
          below={variable.name === 'start_time' ? <Presets script={script} state={state} /> : undefined}
        />
      ))}
      <LiveSelect live={state.live} />
      <div class="field run">
        <button type="submit" title="Ctrl+Enter">
          Run
        </button>
      </div>
    </form>
  )
}

/** Requests itself again; a swap that turns the refresh off or changes its interval replaces it. */
function Refresh({ script, state }: Props) {
  if (state.live === 0) return null
  return (
    <div
      id={`refresh-${state.live}`}
      hx-get={here(stateUrl(fragmentPath(script), state))}
      hx-trigger={`every ${state.live}s`}
      hx-target="#result"
      hx-swap="innerMorph"
      hx-sync="#result:drop"
    />
  )
}

interface Shown extends Props {
  readonly scripts: KnownScripts
  readonly view: Child
}

/** Parts of the page that a result replaces besides its tables: the order in the form, and the refresh. */
export function ResultFragment({ script, state, view, scripts }: Shown) {
  return (
    <>
      {state.sort ? <input type="hidden" name="_sort" value={sortText(state.sort)} form="args" /> : null}
      <Refresh script={script} state={state} />
      <Trail script={script} state={state} scripts={scripts} />
      {view}
    </>
  )
}

interface MissingProps {
  readonly names: readonly string[]
  /** Known values for the first of them, as links. */
  readonly offered?: readonly { readonly name: string; readonly href: string }[]
  readonly kind?: Kind | undefined
}

const MOST_OFFERED = 60

/** Not an error: the view needs the name of one object, and the user has not chosen it yet. */
export function Missing({ names, offered = [], kind }: MissingProps) {
  return (
    <div class="empty">
      <p>
        {kind ? (
          <strong>Which {kind}?</strong>
        ) : (
          <>
            Fill in <strong>{names.join(', ')}</strong> and press Run.
          </>
        )}
      </p>
      {offered.length > 0 ? (
        <ul class="offered">
          {offered.slice(0, MOST_OFFERED).map(({ name, href }) => (
            <li>
              <a href={here(href)}>{name}</a>
            </li>
          ))}
        </ul>
      ) : null}
      {offered.length > MOST_OFFERED ? (
        <p class="help">{offered.length - MOST_OFFERED} more: type a part of the name above.</p>
      ) : null}
      {kind && offered.length === 0 ? (
        <p class="help">
          No {kind} is known here: <a href={here('/health')}>Health</a> says whether this host is part of a
          cluster.
        </p>
      ) : null}
    </div>
  )
}

interface EditProps extends Props {
  readonly id: string
  /** It replaces the link that the page has. */
  readonly again?: boolean
  readonly children: string
}

const Edit = ({ script, state, id, again = false, children }: EditProps) => (
  <a id={id} href={here(editUrl(script, state))} hx-swap-oob={again ? 'outerMorph' : undefined}>
    {children}
  </a>
)

/** Links beside a result that describe it. A new result replaces them. */
export const EditLinks = (props: Props) => (
  <>
    <Edit {...props} id="edit" again>
      Edit
    </Edit>
    <Edit {...props} id="edit-copy" again>
      Edit a copy
    </Edit>
  </>
)

export function ScriptView({ script, state, view, scripts }: Shown) {
  return (
    <>
      <div class="title">
        <h1>{script.name}</h1>
        <p>{script.long || script.short}</p>
        <Edit script={script} state={state} id="edit">
          Edit
        </Edit>
      </div>
      <ArgumentForm script={script} state={state} />
      <div id="result" class="result" aria-live="off">
        <ResultFragment script={script} state={state} view={view} scripts={scripts} />
      </div>
      <details class="script-text">
        <summary>PxL</summary>
        <p>
          <Edit script={script} state={state} id="edit-copy">
            Edit a copy
          </Edit>
        </p>
        <pre class="source">{script.text}</pre>
      </details>
    </>
  )
}
