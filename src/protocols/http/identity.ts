import { STATUS_CODES } from 'node:http'
import { HTTP_TABLES } from '../lib/http/table'
import type { ProtocolIdentity } from '../lib/identity'

export const HTTP: ProtocolIdentity = {
  label: 'HTTP',
  code: 1,
  tables: HTTP_TABLES,
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
