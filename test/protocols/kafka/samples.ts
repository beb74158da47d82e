/** The conversations that the shared suite plays. */
import type { Sample } from '../conformance'
import * as Talk from './talk'

export const SAMPLES: readonly Sample[] = [
  {
    name: 'a producer, answered in another order',
    shows: ['keyed', 'under-way', 'one-way'],
    underWayNs: 11e9,
    records: [
      ['PLAIN', 'mechanism'],
      '36',
      ['"clicks"', 'broker-one'],
      ['"views"', 'gzip'],
      ['"orders"', '4711'],
      ['"beats"', '"acks":0'],
    ],
    secrets: ['hunter2', 'jane'],
    messages: [
      { from: 'client', bytes: Talk.saslHandshake(1, 1, 'PLAIN'), of: [0] },
      { from: 'server', bytes: Talk.saslHandshaken(1, 'PLAIN'), of: [0] },
      { from: 'client', bytes: Talk.saslAuthenticate(2, '\0jane\0hunter2'), of: [1] },
      { from: 'server', bytes: Talk.saslAuthenticated(2, ''), of: [1] },
      { from: 'client', bytes: Talk.metadata({ id: 3, client: 'app' }, 'clicks'), of: [2] },
      { from: 'server', bytes: Talk.metadataOf(3, 'clicks', 'broker-one'), of: [2] },
      {
        from: 'client',
        bytes: Talk.produce(
          { id: 4, client: 'app' },
          'orders',
          Talk.batch([{ key: 'k', value: 'hunter2' }, { value: 'jane' }]),
        ),
        of: [4],
      },
      {
        from: 'client',
        bytes: Talk.produce({ id: 5, client: 'app' }, 'views', Talk.batch([{ value: 'v' }], 1)),
        of: [3],
      },
      { from: 'server', bytes: Talk.produced(5, 'views', 12), of: [3] },
      { from: 'server', bytes: Talk.produced(4, 'orders', 4711), of: [4] },
      {
        from: 'client',
        bytes: Talk.produce({ id: 6, client: 'app' }, 'beats', Talk.batch([{ value: 'hunter2' }]), 0),
        of: [5],
      },
    ],
  },
  {
    name: 'in turns',
    shows: ['keyed'],
    records: [
      ['"first"', 'one-host'],
      ['group-a', 'UNKNOWN_MEMBER_ID'],
      ['"third"', 'three-host'],
    ],
    messages: [
      { from: 'client', bytes: Talk.metadata({ id: 70_001, client: 'web' }, 'first') },
      { from: 'server', bytes: Talk.metadataOf(70_001, 'first', 'one-host') },
      { from: 'client', bytes: Talk.heartbeat(70_002, 'group-a', 'me') },
      { from: 'server', bytes: Talk.heartbeaten(70_002, 25) },
      { from: 'client', bytes: Talk.metadata({ id: 70_003, client: 'web' }, 'third') },
      { from: 'server', bytes: Talk.metadataOf(70_003, 'third', 'three-host') },
    ],
  },
]
