import { HTTP_TABLES } from '../lib/http/table'
import { inOrder, type ProtocolIdentity } from '../lib/identity'

/** grpc/doc/statuscodes.md. */
const GRPC_STATUS = inOrder(
  'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED',
  (code) => `UNKNOWN_STATUS(${code})`,
)

export const HTTP2: ProtocolIdentity = {
  label: 'HTTP2',
  code: 2,
  tables: HTTP_TABLES,
  names: [
    {
      name: 'grpc_status_code_to_str',
      description: 'The name of a gRPC status.',
      args: ['status_code'],
      nameOf: GRPC_STATUS,
    },
  ],
}
