import { STATUS_CODES } from 'node:http'
import { inOrder, type ProtocolIdentity } from '../lib/identity'
import { httpEvents } from './table'

export const HTTP: ProtocolIdentity = {
  label: 'HTTP',
  code: 1,
  tables: [httpEvents],
  names: [
    {
      name: 'http_resp_message',
      description: 'The reason phrase of an HTTP status (RFC 9110).',
      args: ['code'],
      semantic: 'ST_HTTP_RESP_MESSAGE',
      nameOf: (code) => STATUS_CODES[code!] ?? 'Unassigned',
    },
  ],
}

/** grpc/doc/statuscodes.md. */
const GRPC_STATUS = inOrder(
  'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED',
  (code) => `UNKNOWN_STATUS(${code})`,
)

export const HTTP2: ProtocolIdentity = {
  label: 'HTTP2',
  code: 2,
  tables: [httpEvents],
  names: [
    {
      name: 'grpc_status_code_to_str',
      description: 'The name of a gRPC status.',
      args: ['status_code'],
      nameOf: GRPC_STATUS,
    },
  ],
}
