/** The conversations that the shared suite plays. */
import type { Sample } from '../conformance'
import { answer, data, END_STREAM, frame, get, headers, OPENING, post, settings } from './talk'

const length = (bytes: number) => ({ 'content-length': String(bytes) })

export const SAMPLES: readonly Sample[] = [
  {
    name: 'one after the other',
    shows: ['keyed'],
    records: [
      ['/alpha', 'first one'],
      ['/beta', 'second one'],
      ['/gamma', 'not there'],
      ['/delta', 'sent along'],
    ],
    secrets: ['s3cret', 't0ken'],
    messages: [
      { from: 'client', bytes: OPENING, of: [] },
      { from: 'server', bytes: settings([3, 128]), of: [] },
      { from: 'client', bytes: get(1, '/alpha', { authorization: 'Bearer s3cret' }), of: [0] },
      { from: 'server', bytes: answer(1, 200, length(9)), of: [0] },
      { from: 'server', bytes: data(1, 'first one', END_STREAM), of: [0] },
      { from: 'client', bytes: get(3, '/beta?token=t0ken'), of: [1] },
      { from: 'server', bytes: answer(3, 200, length(10)), of: [1] },
      { from: 'server', bytes: data(3, 'second one', END_STREAM), of: [1] },
      { from: 'client', bytes: get(5, '/gamma'), of: [2] },
      { from: 'server', bytes: answer(5, 404, { 'x-why': 'not there' }, END_STREAM), of: [2] },
      { from: 'client', bytes: post(7, '/delta', length(10)), of: [3] },
      { from: 'client', bytes: data(7, 'sent along', END_STREAM), of: [3] },
      { from: 'server', bytes: answer(7, 204, {}, END_STREAM), of: [3] },
    ],
  },
  {
    name: 'streams in between each other',
    shows: ['multiplexed', 'keyed', 'under-way'],
    underWayNs: 31e9,
    records: [
      ['/gamma', '/else'],
      ['/alpha', 'one two'],
      ['/beta', 'uploaded'],
      ['/delta', 'grpc-status'],
    ],
    messages: [
      { from: 'client', bytes: OPENING, of: [] },
      { from: 'client', bytes: get(1, '/alpha'), of: [1] },
      { from: 'client', bytes: post(3, '/beta', length(8)), of: [2] },
      { from: 'server', bytes: answer(1, 200, length(7)), of: [1] },
      { from: 'client', bytes: data(3, 'up'), of: [2] },
      { from: 'client', bytes: get(5, '/gamma'), of: [0] },
      { from: 'server', bytes: data(1, 'one '), of: [1] },
      { from: 'client', bytes: frame(8, 0, 0, '\0\0\x10\0'), of: [] },
      { from: 'server', bytes: answer(5, 302, { location: '/else' }, END_STREAM), of: [0] },
      { from: 'client', bytes: data(3, 'loaded', END_STREAM), of: [2] },
      { from: 'client', bytes: get(7, '/delta'), of: [3] },
      { from: 'server', bytes: data(1, 'two', END_STREAM), of: [1] },
      { from: 'server', bytes: answer(3, 201, {}, END_STREAM), of: [2] },
      { from: 'server', bytes: answer(7, 200, length(0)), of: [3] },
      { from: 'server', bytes: headers(7, { 'grpc-status': '5' }, END_STREAM), of: [3] },
    ],
  },
]
