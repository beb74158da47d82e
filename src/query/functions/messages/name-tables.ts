/** Numbers that protocols use, by name: each protocol declares its own. */

import { KNOWN, protocolName } from '../../../protocols/known'
import type { NameFunction } from '../../../protocols/lib/identity'
import { type FunctionSpec, scalar } from '../base/function'
import { always } from '../base/units'

const functionOf = ({
  name,
  description,
  args,
  semantic = 'ST_NONE',
  nameOf,
}: NameFunction): FunctionSpec => ({
  name,
  description,
  unit: always(semantic),
  overloads: [
    scalar(`${args.map((arg) => `${arg}:INT64`).join(' ')} -> STRING`, (_, ...codes: (number | bigint)[]) =>
      nameOf(...codes.map(Number)),
    ),
  ],
})

const PROTOCOL_NAME: NameFunction = {
  name: 'protocol_name',
  description: 'The name of a protocol of conn_stats.',
  args: ['protocol'],
  nameOf: (code) => protocolName(code!),
}

export const NAME_TABLES: readonly FunctionSpec[] = [
  PROTOCOL_NAME,
  ...KNOWN.flatMap((protocol) => protocol.names ?? []),
].map(functionOf)
