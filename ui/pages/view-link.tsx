import type { KnownScripts } from '../format'
import { here } from '../on-node'

/** A link to a script, where there is one of that name. */
export function ViewLink({ name, label, scripts }: { name: string; label: string; scripts: KnownScripts }) {
  return scripts.has(name) ? <a href={here(`/scripts/${name}`)}>{label}</a> : null
}
