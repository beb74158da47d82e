import { invalid, numbered, type ProtocolIdentity } from '../lib/identity'
import { muxEvents } from './table'

/** Message types (twitter.github.io/finagle, "Mux"): answers are negative. */
const FRAMES = numbered(
  '1 Treq -1 Rreq 2 Tdispatch -2 Rdispatch 64 Tdrain -64 Rdrain 65 Tping -65 Rping 66 Tdiscarded -66 Rdiscarded 67 Tlease 68 Tinit -68 Rinit -128 Rerr 127 Rerr -62 Tdiscarded',
)

export const MUX: ProtocolIdentity = {
  label: 'Mux',
  code: 11,
  tables: [muxEvents],
  names: [
    {
      name: 'mux_frame_type_name',
      description: 'The name of a kind of Mux message.',
      args: ['frame_type'],
      nameOf: (code) => FRAMES[code!] ?? invalid(code!),
    },
  ],
}
