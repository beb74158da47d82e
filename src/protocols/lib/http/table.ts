import { defineTable, extra, int, string } from '../../../records/table'
import { encrypted, latency, outcome, remoteUpid, seenAt } from '../columns'

const messages = (of: string) =>
  extra(
    int(
      `Messages in the ${of} content of gRPC, gRPC-Web and Connect; 0 for other content, -1 where its type isn’t known`,
      { pattern: 'METRIC_GAUGE', absent: -1 },
    ),
  )

const facts = (of: string) =>
  extra(
    string(
      `What JSON and streams of events say by name in the ${of} content, where it is longer than what is kept: JSON`,
      {
        pattern: 'STRUCTURED',
      },
    ),
  )

export const httpEvents = defineTable(
  'http_events',
  'HTTP requests with their responses, as seen at one end of the connection',
  {
    ...seenAt,
    encrypted,
    major_version: int('Major version of HTTP: 1 or 2', { pattern: 'GENERAL_ENUM' }),
    minor_version: int('Minor version of HTTP: 0 or 1; 0 for HTTP/2', { pattern: 'GENERAL_ENUM' }),
    content_type: int('Kind of the response content: 0 unknown, 1 JSON, 2 gRPC', { pattern: 'GENERAL_ENUM' }),
    req_headers: string('Request headers as a JSON object', { pattern: 'STRUCTURED' }),
    req_method: string('Request method', { semantic: 'ST_HTTP_REQ_METHOD', pattern: 'GENERAL_ENUM' }),
    req_path: string('Request target as it was sent, with its query', { pattern: 'STRUCTURED' }),
    req_body: string('Head of the request content, decompressed', { pattern: 'STRUCTURED' }),
    req_body_size: int('Bytes of request content that were sent', {
      semantic: 'ST_BYTES',
      pattern: 'METRIC_GAUGE',
    }),
    resp_headers: string('Response headers as a JSON object', { pattern: 'STRUCTURED' }),
    resp_status: int('Response status code', { semantic: 'ST_HTTP_RESP_STATUS', pattern: 'GENERAL_ENUM' }),
    resp_message: string('Response reason phrase', {
      semantic: 'ST_HTTP_RESP_MESSAGE',
      pattern: 'STRUCTURED',
    }),
    resp_body: string('Head of the response content, decompressed', { pattern: 'STRUCTURED' }),
    resp_body_size: int('Bytes of response content that were sent', {
      semantic: 'ST_BYTES',
      pattern: 'METRIC_GAUGE',
    }),
    latency,
    outcome,
    req_messages: messages('request'),
    resp_messages: messages('response'),
    req_facts: facts('request'),
    resp_facts: facts('response'),
    first_body_latency: extra(
      int(
        'From the first byte of the request to the first byte of the response content; -1 where there is none',
        { semantic: 'ST_DURATION_NS', pattern: 'METRIC_GAUGE', absent: -1 },
      ),
    ),
    remote_upid: remoteUpid,
  },
  // HTTP rows are what most questions are about.
  { share: 0.4, failure: 'df.resp_status >= 400' },
)

export const HTTP_TABLES = [httpEvents]
