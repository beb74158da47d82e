/** What a row of http_events says of a procedure call: of its head, its trailers and the end of its content. */
import type { Cases } from '../apply'

const json = JSON.stringify

const call = (members: Readonly<Record<string, unknown>>): string =>
  json({
    kind: 'grpc',
    service: 'shop.Orders',
    method: 'Get',
    status: -1,
    message: '',
    deadline: -1,
    req_coding: '',
    resp_coding: '',
    ...members,
  })

const PATH = '/shop.Orders/Get'
const TYPE = { 'content-type': 'application/grpc' }

/** A call of gRPC with these fields beside. */
const grpc = (asked: object, said: object, members: object): Cases[string][number] => [
  [PATH, json({ ...TYPE, ...asked }), 200n, json({ ...TYPE, ...said }), ''],
  call({ ...members } as Record<string, unknown>),
]

const web = (said: object, body: string, members: object): Cases[string][number] => [
  [`/api${PATH}`, json({ 'Content-Type': 'application/grpc-web+proto' }), 200n, json(said), body],
  call({ kind: 'grpc-web', ...members }),
]

const STREAM = { 'Content-Type': 'application/connect+proto' }
const connect = (asked: object, status: bigint, body: string, members: object): Cases[string][number] => [
  [PATH, json(asked), status, '{}', body],
  call({ kind: 'connect', ...members }),
]
const UNARY = { 'Content-Type': 'application/proto', 'Connect-Protocol-Version': '1' }

export const GRPC: Cases = {
  grpc_call: [
    grpc({}, { 'grpc-status': '0' }, { status: 0 }),
    grpc({ 'grpc-timeout': '100m' }, { 'grpc-status': '4' }, { status: 4, deadline: 100_000_000 }),
    grpc({ 'grpc-timeout': '2S' }, {}, { deadline: 2_000_000_000 }),
    grpc({ 'grpc-timeout': '15u' }, {}, { deadline: 15_000 }),
    grpc({ 'grpc-timeout': '7n' }, {}, { deadline: 7 }),
    grpc({ 'grpc-timeout': '1H' }, {}, { deadline: 3_600_000_000_000 }),
    grpc({ 'grpc-timeout': '99999999H' }, {}, { deadline: Number.MAX_SAFE_INTEGER }),
    grpc({ 'grpc-timeout': '123456789S' }, {}, {}),
    grpc({ 'grpc-timeout': 'soon' }, { 'grpc-status': 'bad' }, {}),
    grpc(
      { 'grpc-encoding': 'gzip' },
      { 'grpc-encoding': 'zstd', 'grpc-status': '5', 'grpc-message': 'no order %C3%A9' },
      { status: 5, message: 'no order é', req_coding: 'gzip', resp_coding: 'zstd' },
    ),
    grpc(
      { 'grpc-encoding': 'identity' },
      { 'grpc-status': '2', 'grpc-message': '100 %' },
      { status: 2, message: '100 %' },
    ),
    // Of a connection that was joined under way only the response may say what it is.
    [
      ['<unknown>', json({ '<unknown>': '<unknown>' }), 200n, json({ ...TYPE, 'grpc-status': '0' }), ''],
      call({ service: '', method: '<unknown>', status: 0 }),
    ],
    web({ 'grpc-status': '7' }, '', { status: 7 }),
    web({}, '1: "milk"\ngrpc-status: 5\r\ngrpc-message: no%20milk\r\n', { status: 5, message: 'no milk' }),
    web({}, '1: "milk"\ngrpc-status:0\r\n', { status: 0 }),
    web({}, '1: "grpc-status:0"', {}),
    connect(UNARY, 200n, '1: "milk"', { status: 0 }),
    connect(
      { ...UNARY, 'Connect-Timeout-Ms': '1500' },
      404n,
      json({ code: 'not_found', message: 'no milk' }),
      {
        status: 5,
        message: 'no milk',
        deadline: 1_500_000_000,
      },
    ),
    connect({ ...UNARY, 'Content-Encoding': 'gzip' }, 502n, '<html>', { req_coding: 'gzip' }),
    connect(UNARY, 0n, '', {}),
    connect(STREAM, 200n, '1: "milk"\n{}', { status: 0 }),
    connect(
      { ...STREAM, 'Connect-Content-Encoding': 'br' },
      200n,
      `1: 2\n${json({ error: { code: 'unauthenticated' } })}`,
      {
        status: 16,
        req_coding: 'br',
      },
    ),
    connect(STREAM, 200n, '1: "cut', {}),
    [
      [
        `${PATH}?connect=v1&encoding=proto&message=CgFh`,
        '{}',
        200n,
        json({ 'Content-Type': 'application/proto' }),
        '',
      ],
      call({ kind: 'connect', status: 0 }),
    ],
    [[PATH, json({ 'content-type': 'application/json' }), 200n, '{}', ''], ''],
    [['/grpc', json({ referer: '/grpc' }), 200n, '{}', ''], ''],
    [[PATH, 'no JSON: grpc', 200n, '', ''], ''],
  ],
}
