import { bool, defineTable, int, string } from '../../records/table'
import { encrypted, keyword, latency, remoteUpid, seenAt, structured } from '../lib/columns'

const bytes = { semantic: 'ST_BYTES', pattern: 'METRIC_GAUGE' } as const
const head = { pattern: 'STRUCTURED' } as const

export const fastcgiEvents = defineTable(
  'fastcgi_events',
  'FastCGI requests with their responses: what a web server asks an application (PHP-FPM and others)',
  {
    ...seenAt,
    encrypted,
    role: keyword('Role of the application: responder, authorizer or filter'),
    req_method: string('REQUEST_METHOD', { semantic: 'ST_HTTP_REQ_METHOD', pattern: 'GENERAL_ENUM' }),
    req_path: string('REQUEST_URI, with its query; where there is none SCRIPT_NAME and QUERY_STRING', head),
    script: string('SCRIPT_FILENAME: the file that runs; where there is none SCRIPT_NAME'),
    req_params: structured('All parameters of the request as a JSON object, without secrets'),
    req_body: string('Head of the request content (STDIN)', head),
    req_body_size: int('Bytes of it', bytes),
    resp_status: int(
      'Status of the response: of its Status field, else 302 where there is a Location, else 200; 0 where there is no response',
      { semantic: 'ST_HTTP_RESP_STATUS', pattern: 'GENERAL_ENUM' },
    ),
    resp_headers: structured('Fields of the response as a JSON object'),
    resp_body: string('Head of the response content', head),
    resp_body_size: int('Bytes of it', bytes),
    stderr: string('Head of what the application wrote to its error log (STDERR)', head),
    stderr_size: int('Bytes of it', bytes),
    app_status: int('Exit status that the application tells; -1 where the end of the request was not seen', {
      pattern: 'GENERAL_ENUM',
    }),
    protocol_status: keyword(
      'complete, cant_multiplex, overloaded or unknown_role, as the application tells; empty where the end of the request was not seen',
    ),
    aborted: bool('True where the web server aborted the request', { pattern: 'GENERAL_ENUM' }),
    keeps: bool('True where the connection is kept for further requests', { pattern: 'GENERAL_ENUM' }),
    latency,
    outcome: keyword(
      'complete; cut: bytes of it went by unseen, or the connection ended within it; running: the response is still ' +
        'coming; waiting: no response yet; unanswered: the connection ended without one',
    ),
    remote_upid: remoteUpid,
  },
  { failure: 'df.resp_status >= 400' },
)
