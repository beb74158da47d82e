import type { KnownScripts } from '../format'

/** A link to a script, where there is one of that name. */
export function ViewLink({ name, label, scripts }: { name: string; label: string; scripts: KnownScripts }) {
  return scripts.has(name) ? <a href={`/scripts/${name}`}>{label}</a> : null
}
