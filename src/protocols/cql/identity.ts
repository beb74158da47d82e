import { inOrder, type ProtocolIdentity } from '../lib/identity'
import { cqlEvents } from './table'

/** Cassandra native protocol v5 §2.4. */
const OPCODES = inOrder(
  'Error Startup Ready Authenticate  Options Supported Query Result Prepare Execute Register Event Batch AuthChallenge AuthResponse AuthSuccess',
)

export const CQL: ProtocolIdentity = {
  label: 'CQL',
  code: 4,
  tables: [cqlEvents],
  names: [
    {
      name: 'cql_opcode_name',
      description: 'The name of a CQL opcode.',
      args: ['req_op'],
      nameOf: OPCODES,
    },
  ],
}
