/** The conversations that the shared suite plays. */
import type { Sample } from '../conformance'
import * as Talk from './talk'

const { DB, OK } = Talk
const goods = [
  { _id: 1, name: 'milk', price: 1.5 },
  { _id: 2, name: 'tea', password: 'hunter2' },
]

export const SAMPLES: readonly Sample[] = [
  {
    name: 'hello in the old form, commands, an error',
    shows: ['keyed', 'under-way'],
    underWayNs: 11e9,
    records: ['isMaster', 'saslStart', ['"insert"', 'milk'], ['aggregate', 'E11000'], ['"find"', 'cheese']],
    secrets: ['hunter2', 'aHVudGVyMg'],
    messages: [
      {
        from: 'client',
        bytes: Talk.query('admin.$cmd', { isMaster: 1, helloOk: true }, { id: 1 }),
        of: [0],
      },
      {
        from: 'server',
        bytes: Talk.reply([{ ismaster: true, maxWireVersion: 21, ...OK }], { id: 1, to: 1 }),
        of: [0],
      },
      {
        from: 'client',
        bytes: Talk.msg(
          { saslStart: 1, mechanism: 'PLAIN', payload: Buffer.from('hunter2'), ...DB },
          { id: 2 },
        ),
        of: [1],
      },
      {
        from: 'server',
        bytes: Talk.msg({ done: true, payload: Buffer.from('hunter2'), ...OK }, { id: 2, to: 2 }),
        of: [1],
      },
      {
        from: 'client',
        bytes: Talk.msg(
          { insert: 'goods', ordered: true, ...DB },
          { id: 3, sequences: { documents: goods } },
        ),
        of: [2],
      },
      { from: 'server', bytes: Talk.msg({ n: 2, ...OK }, { id: 3, to: 3 }), of: [2] },
      {
        from: 'client',
        bytes: Talk.msg({ find: 'goods', filter: { name: 'cheese' }, ...DB }, { id: 4 }),
        of: [4],
      },
      { from: 'client', bytes: Talk.msg({ aggregate: 'goods', pipeline: [], ...DB }, { id: 5 }), of: [3] },
      {
        from: 'server',
        bytes: Talk.msg({ ok: 0, errmsg: 'E11000 duplicate key', code: 11000 }, { id: 4, to: 5 }),
        of: [3],
      },
      {
        from: 'server',
        bytes: Talk.msg(Talk.cursor([{ _id: 3, name: 'cheddar' }]), { id: 5, to: 4 }),
        of: [4],
      },
    ],
  },
  {
    name: 'several answers to one command, one that wants none, compressed',
    shows: ['multiplexed', 'one-way'],
    records: [
      ['"delete"', '"deletes"'],
      ['getMore', '"first"'],
      ['count', 'zlib'],
      ['distinct', 'snappy'],
      ['listCollections', 'zstd'],
    ],
    messages: [
      {
        from: 'client',
        bytes: Talk.msg({ getMore: 77, collection: 'goods', ...DB }, { id: 7, flags: Talk.EXHAUST }),
        of: [1],
      },
      {
        from: 'server',
        bytes: Talk.msg(Talk.cursor([{ name: 'first' }], 77, 'nextBatch'), {
          id: 101,
          to: 7,
          flags: Talk.MORE,
        }),
        of: [1],
      },
      {
        from: 'client',
        bytes: Talk.msg(
          { delete: 'goods', writeConcern: { w: 0 }, ...DB },
          { id: 8, flags: Talk.MORE, sequences: { deletes: [{ q: { name: 'tea' }, limit: 1 }] } },
        ),
        of: [0],
      },
      {
        from: 'server',
        bytes: Talk.msg(Talk.cursor([{ name: 'second' }], 77, 'nextBatch'), {
          id: 102,
          to: 101,
          flags: Talk.MORE,
        }),
        of: [1],
      },
      {
        from: 'server',
        bytes: Talk.msg(Talk.cursor([], 0, 'nextBatch'), { id: 103, to: 102, checksum: true }),
        of: [1],
      },
      {
        from: 'client',
        bytes: Talk.compressed('zlib', { count: 'goods', query: {}, ...DB }, { id: 9 }),
        of: [2],
      },
      { from: 'server', bytes: Talk.compressed('zlib', { n: 12, ...OK }, { id: 104, to: 9 }), of: [2] },
      {
        from: 'client',
        bytes: Talk.compressed('snappy', { distinct: 'goods', key: 'name', ...DB }, { id: 10 }),
        of: [3],
      },
      {
        from: 'server',
        bytes: Talk.compressed('snappy', { values: ['tea'], ...OK }, { id: 105, to: 10 }),
        of: [3],
      },
      { from: 'client', bytes: Talk.compressed('zstd', { listCollections: 1, ...DB }, { id: 11 }), of: [4] },
      { from: 'server', bytes: Talk.compressed('zstd', Talk.cursor([]), { id: 106, to: 11 }), of: [4] },
    ],
  },
]
