/** The conversations that the shared suite plays. */
import type { Sample } from '../conformance'
import * as Talk from './talk'

const context = ['client_id']
/** Properties, by which a packet is one of MQTT 5 also where CONNECT wasn't seen. */
const five = Talk.contentType('text/plain')

export const SAMPLES: readonly Sample[] = [
  {
    name: '3.1.1: subscribed, published, delivered',
    shows: ['keyed', 'one-way', 'pushed', 'under-way'],
    underWayNs: 11e9,
    context,
    records: ['3.1.1', 'home/#', 'home/one', 'home/two', 'home/three', 'home/four'],
    secrets: ['hunter2'],
    messages: [
      { from: 'client', bytes: Talk.connect({ user: 'jane', password: 'hunter2' }), of: [0] },
      { from: 'server', bytes: Talk.connack(), of: [0] },
      { from: 'client', bytes: Talk.subscribe(1, [['home/#', 2]]), of: [1] },
      { from: 'server', bytes: Talk.suback(1, [2]), of: [1] },
      { from: 'client', bytes: Talk.publish('home/one', 'on'), of: [2] },
      { from: 'client', bytes: Talk.publish('home/two', 'token=hunter2', { qos: 1, id: 2 }), of: [3] },
      { from: 'server', bytes: Talk.puback(2), of: [3] },
      { from: 'server', bytes: Talk.publish('home/three', 'off', { qos: 1, id: 1 }), of: [4] },
      { from: 'client', bytes: Talk.puback(1), of: [4] },
      { from: 'server', bytes: Talk.publish('home/four', 'up'), of: [5] },
    ],
  },
  {
    name: '5: qualities of service, one in the other',
    shows: ['keyed', 'multiplexed', 'one-way'],
    context,
    records: [['"5', 'CONNACK'], 'home/first', 'home/second', 'home/third', 'home/last'],
    secrets: ['hunter2'],
    messages: [
      { from: 'client', bytes: Talk.connect({ version: 5, clientId: 'lamp', password: 'hunter2' }), of: [0] },
      { from: 'server', bytes: Talk.connack(0, ''), of: [0] },
      {
        from: 'client',
        bytes: Talk.publish('home/second', 'a', { qos: 2, id: 7, properties: five }),
        of: [2],
      },
      {
        from: 'client',
        bytes: Talk.publish('home/first', 'b', { qos: 1, id: 8, properties: five }),
        of: [1],
      },
      { from: 'server', bytes: Talk.pubrec(7), of: [2] },
      { from: 'server', bytes: Talk.puback(8, 16), of: [1] },
      { from: 'client', bytes: Talk.pubrel(7), of: [2] },
      { from: 'server', bytes: Talk.pubcomp(7), of: [2] },
      {
        from: 'client',
        bytes: Talk.publish('home/third', 'c', { properties: Talk.userProperty('api-key', 'hunter2') }),
        of: [3],
      },
      { from: 'client', bytes: Talk.publish('home/last', 'd', { properties: five }), of: [4] },
    ],
  },
]
