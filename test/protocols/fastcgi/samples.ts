/** The conversations that the shared suite plays. */
import type { Sample } from '../conformance'
import * as Talk from './talk'

export const SAMPLES: readonly Sample[] = [
  {
    name: 'requests one behind the other, as nginx and PHP-FPM have them',
    shows: ['under-way'],
    underWayNs: 11e9,
    secrets: ['hunter2'],
    records: [
      ['/first.php', 'hello'],
      ['/second.php', 'not there', 'Primary script unknown'],
      ['/third.php', 'name=kettle', 'stored'],
    ],
    messages: [
      {
        from: 'client',
        bytes: Talk.request(1, 'first', { HTTP_AUTHORIZATION: 'Basic hunter2', HTTP_COOKIE: 's=hunter2' }),
        of: [0],
      },
      { from: 'server', bytes: Talk.response(1, 'hello', 'Set-Cookie: s=hunter2\r\n'), of: [0] },
      {
        from: 'client',
        bytes: Talk.request(1, 'second', { PHP_AUTH_PW: 'hunter2', DB_PASSWORD: 'hunter2' }),
        of: [1],
      },
      {
        from: 'server',
        bytes:
          Talk.stderr(1, 'Primary script unknown') +
          Talk.response(1, 'not there', 'Status: 404 Not Found\r\n'),
        of: [1],
      },
      {
        from: 'client',
        bytes: Talk.request(
          1,
          'third',
          { CONTENT_TYPE: 'application/x-www-form-urlencoded' },
          'name=kettle&password=hunter2',
        ),
        of: [2],
      },
      { from: 'server', bytes: Talk.response(1, 'stored'), of: [2] },
    ],
  },
  {
    name: 'several at once, and what the connection itself is asked',
    shows: ['multiplexed'],
    records: [
      ['/b.php', 'said by b'],
      ['/a.php', 'said by a'],
      ['/c.php', 'said by c'],
    ],
    messages: [
      { from: 'client', bytes: Talk.getValues('FCGI_MAX_CONNS', 'FCGI_MPXS_CONNS'), of: [] },
      { from: 'server', bytes: Talk.values({ FCGI_MPXS_CONNS: '1' }), of: [] },
      { from: 'client', bytes: Talk.request(1, 'a'), of: [1] },
      { from: 'client', bytes: Talk.request(2, 'b'), of: [0] },
      { from: 'server', bytes: Talk.response(2, 'said by b'), of: [0] },
      { from: 'server', bytes: Talk.stdout(1, 'Content-Type: text/plain\r\n\r\nsaid '), of: [1] },
      { from: 'client', bytes: Talk.request(3, 'c'), of: [2] },
      { from: 'server', bytes: Talk.stdout(1, 'by a') + Talk.end(1), of: [1] },
      { from: 'server', bytes: Talk.response(3, 'said by c'), of: [2] },
    ],
  },
]
