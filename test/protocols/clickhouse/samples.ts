/** The conversations that the shared suite plays. */
import type { Sample } from '../conformance'
import * as Talk from './talk'

export const SAMPLES: readonly Sample[] = [
  {
    name: 'a login and queries',
    shows: ['in-order', 'under-way'],
    underWayNs: 11e9,
    context: ['database', 'user'],
    secrets: ['hunter2'],
    records: [
      'hello',
      'SELECT name FROM users',
      ['SELECT wrong', 'Missing columns: wrong'],
      'INSERT INTO t VALUES',
    ],
    messages: [
      { from: 'client', bytes: Talk.hello() },
      { from: 'server', bytes: Talk.welcome() },
      { from: 'client', bytes: Talk.asked("SELECT name FROM users WHERE password = 'hunter2'") },
      { from: 'server', bytes: Talk.answered('jane', 'joe') },
      {
        from: 'client',
        bytes: Talk.asked('SELECT wrong', { settings: { max_threads: 3, totals_mode: 'before' } }),
      },
      { from: 'server', bytes: Talk.exception(47, 'Missing columns: wrong') },
      {
        from: 'client',
        bytes: Talk.asked('INSERT INTO t VALUES') + Talk.data(2, Talk.block(2, [['a', 'UInt8', '\x07\x08']])),
      },
      { from: 'server', bytes: Talk.END },
    ],
  },
]
