/** The conversations that the shared suite plays. */
import type { Sample } from '../conformance'
import * as Talk from './talk'

const { CLIENT_ID } = Talk

export const SAMPLES: readonly Sample[] = [
  {
    name: 'a session, answered in another order',
    shows: ['keyed', 'under-way'],
    underWayNs: 11e9,
    records: [
      'tinit check',
      ['mux-framer', 'mux-version-of-server'],
      ['/s/orders', 'all of them'],
      ['/s/users', 'jane and joe'],
    ],
    secrets: ['hunter2'],
    messages: [
      { from: 'client', bytes: Talk.rerr(1, 'tinit check'), of: [0] },
      { from: 'server', bytes: Talk.rerr(1, 'tinit check'), of: [0] },
      { from: 'client', bytes: Talk.tinit(9, { 'mux-framer': '\0\0\x20\0' }), of: [1] },
      { from: 'server', bytes: Talk.rinit(9, { 'mux-version-of-server': '1' }), of: [1] },
      {
        from: 'client',
        bytes: Talk.tdispatch(2, { [CLIENT_ID]: 'web' }, '/s/users', 'who?password=hunter2'),
        of: [3],
      },
      {
        from: 'client',
        bytes: Talk.tdispatch(3, { 'com.twitter.auth-token': 'hunter2' }, '/s/orders', 'which'),
        of: [2],
      },
      { from: 'server', bytes: Talk.rdispatch(3, 'all of them'), of: [2] },
      { from: 'server', bytes: Talk.rdispatch(2, 'jane and joe'), of: [3] },
    ],
  },
  {
    name: 'in parts, and one way',
    shows: ['multiplexed', 'one-way', 'pushed'],
    records: ['67', ['/s/large', 'said at length'], 'gave up', ['/s/small', 'short'], ['/s/tiny', 'brief']],
    messages: [
      {
        from: 'client',
        bytes: Talk.tdispatch(5 | Talk.MORE, { [CLIENT_ID]: 'web' }, '/s/large', 'begins'),
        of: [1],
      },
      { from: 'server', bytes: Talk.tlease(1000), of: [0] },
      { from: 'client', bytes: Talk.frame(2, 5, 'and ends'), of: [1] },
      { from: 'client', bytes: Talk.tdispatch(6, { [CLIENT_ID]: 'web' }, '/s/small', 'x'), of: [3] },
      { from: 'server', bytes: Talk.rdispatch(5 | Talk.MORE, 'said at length'), of: [1] },
      { from: 'server', bytes: Talk.frame(-2, 5, ' and more of it'), of: [1] },
      { from: 'client', bytes: Talk.tdiscarded(6, 'gave up'), of: [2] },
      { from: 'server', bytes: Talk.rdispatch(6, 'short'), of: [3] },
      { from: 'client', bytes: Talk.tdispatch(7, { [CLIENT_ID]: 'web' }, '/s/tiny', 'y'), of: [4] },
      { from: 'server', bytes: Talk.rdispatch(7, 'brief'), of: [4] },
    ],
  },
]
