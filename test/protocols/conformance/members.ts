/** Members made for the suite itself: together with HTTP they show every capability. */
import { keyedProtocol, SHOWN_NS } from '../../streams/keyed-protocol'
import { linesProtocol } from '../../streams/plain-protocol'
import type { Member, Message, Sample } from './sample'

const EXCHANGES: readonly Message[] = [
  { from: 'client', bytes: '?1 first pass:hidden\n', of: [0] },
  { from: 'client', bytes: '?2 second\n', of: [2] },
  { from: 'server', bytes: '!1 answer one\n', of: [0] },
  { from: 'client', bytes: '?3 third\n', of: [1] },
  { from: 'server', bytes: '!3 answer three pass:unseen\n', of: [1] },
  { from: 'server', bytes: '!2 answer two\n', of: [2] },
  { from: 'client', bytes: '?4 fourth\n', of: [3] },
  { from: 'server', bytes: '!4 answer four\n', of: [3] },
]

const exchanges: Omit<Sample, 'name' | 'shows'> = {
  messages: EXCHANGES,
  secrets: ['hidden', 'unseen'],
  underWayNs: SHOWN_NS,
  records: [
    ['1 first', 'answer one'],
    ['3 third', 'answer three'],
    ['2 second', 'answer two'],
    ['4 fourth', 'answer four'],
  ],
}

const KEYED: readonly Sample[] = [
  { ...exchanges, name: 'answers by key', shows: ['keyed', 'under-way'] },
  { ...exchanges, name: 'datagrams', shows: ['keyed', 'under-way', 'datagram'] },
  {
    name: 'parts of requests in between',
    shows: ['keyed', 'multiplexed', 'greeting'],
    records: [
      ['2 who are', ' you', '2 a server'],
      ['1 where are', ' we now', '1 at home'],
    ],
    messages: [
      { from: 'server', bytes: '~ready\n', of: [] },
      { from: 'client', bytes: '?1 where are\n', of: [1] },
      { from: 'client', bytes: '?2 who are\n', of: [0] },
      { from: 'client', bytes: '&1 we now\n', of: [1] },
      { from: 'client', bytes: '&2 you\n', of: [0] },
      { from: 'server', bytes: '!2 a server\n', of: [0] },
      { from: 'server', bytes: '!1 at home\n', of: [1] },
    ],
  },
  {
    name: 'greeted, one way and pushed',
    shows: ['greeting', 'one-way', 'pushed'],
    records: ['welcome', 'go left', ['9 which way', 'straight on'], 'it rains', 'go right'],
    messages: [
      { from: 'server', bytes: '*welcome\n', of: [0] },
      { from: 'client', bytes: '>go left\n', of: [1] },
      { from: 'client', bytes: '~ping\n', of: [] },
      { from: 'client', bytes: '?9 which way\n', of: [2] },
      { from: 'server', bytes: '!9 straight on\n', of: [2] },
      { from: 'server', bytes: '*it rains\n', of: [3] },
      { from: 'client', bytes: '>go right\n', of: [4] },
    ],
  },
]

const LINES: readonly Sample[] = [
  {
    name: 'lines and a way out',
    shows: ['one-way', 'pushed', 'hand-over'],
    next: 'other',
    records: ['ask hello', 'say what is it', 'ask leave other'],
    messages: [
      { from: 'client', bytes: 'ask hello\n', of: [0] },
      { from: 'server', bytes: 'say what is it\n', of: [1] },
      { from: 'client', bytes: 'ask leave other\n', of: [2] },
    ],
  },
]

export const keyed: Member = { protocol: keyedProtocol(), samples: KEYED }
export const lines: Member = {
  protocol: linesProtocol({ client: 'ask ', server: 'say ' }),
  samples: LINES,
}
