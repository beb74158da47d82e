/** The conversations that the shared suite plays. */
import type { Message, Sample } from '../conformance'
import { array, command, push, string } from './talk'

const client = (bytes: string, ...of: number[]): Message => ({ from: 'client', bytes, of })
const server = (bytes: string, ...of: number[]): Message => ({ from: 'server', bytes, of })

export const SAMPLES: readonly Sample[] = [
  {
    name: 'commands and their answers',
    shows: ['in-order', 'pipelined', 'under-way'],
    underWayNs: 10e9,
    records: [
      ['SET', 'alpha'],
      ['"beta"', 'the value'],
      ['LRANGE', '["one",2,null,["three"]]'],
      ['INCR', 'WRONGTYPE'],
      ['MGET', 'delta'],
    ],
    messages: [
      client(command('SET', 'alpha', 'first value'), 0),
      server('+OK\r\n', 0),
      client(command('get', 'beta'), 1),
      server(string('the value'), 1),
      client(command('LRANGE', 'gamma', '0', '-1'), 2),
      server(array(string('one'), ':2\r\n', '$-1\r\n', array(string('three'))), 2),
      client(command('INCR', 'list'), 3),
      server('-WRONGTYPE Operation against a key\r\n', 3),
      client(command('MGET', 'delta', 'epsilon'), 4),
      server('*-1\r\n', 4),
    ],
  },
  {
    name: 'who logs in',
    shows: ['in-order', 'pipelined'],
    records: ['WRONGPASS', ['HELLO', '{"server":"redis"'], 'CONFIG SET', ['HGET', '"user"']],
    secrets: ['passw0rd', 's3cret', 'hunter2'],
    messages: [
      client(command('AUTH', 'me', 'passw0rd'), 0),
      server('-WRONGPASS invalid username-password pair\r\n', 0),
      client(command('HELLO', '3', 'AUTH', 'me', 's3cret', 'SETNAME', 'x'), 1),
      server(`%2\r\n${string('server')}${string('redis')}${string('proto')}:3\r\n`, 1),
      client(command('CONFIG', 'SET', 'requirepass', 'hunter2'), 2),
      server('+OK\r\n', 2),
      client(command('HGET', 'user', 'password'), 3),
      server(string('pa55word'), 3),
    ],
  },
  {
    name: 'subscribed, before RESP3',
    shows: ['pushed'],
    records: ['["news","sport"]', 'breaking', 'weather', '["unsubscribe","sport",0]', ['PING', 'PONG']],
    messages: [
      client(command('SUBSCRIBE', 'news', 'sport'), 0),
      server(array(string('subscribe'), string('news'), ':1\r\n'), 0),
      server(array(string('subscribe'), string('sport'), ':2\r\n'), 0),
      server(array(string('message'), string('sport'), string('breaking')), 1),
      server(array(string('message'), string('sport'), string('weather')), 2),
      client(command('UNSUBSCRIBE'), 3),
      server(array(string('unsubscribe'), string('sport'), ':1\r\n'), 3),
      server(array(string('unsubscribe'), string('sport'), ':0\r\n'), 3),
      client(command('PING'), 4),
      server('+PONG\r\n', 4),
    ],
  },
  {
    name: 'pushed in RESP3',
    shows: ['pushed'],
    records: [['["news"]', 'subscribe'], 'published', 'INVALIDATE', ['"alpha', 'answered']],
    messages: [
      client(command('SUBSCRIBE', 'news'), 0),
      server(push(string('subscribe'), string('news'), ':1\r\n'), 0),
      server(push(string('message'), string('channel'), string('published')), 1),
      server(push(string('invalidate'), array(string('key'))), 2),
      client(command('GET', 'alpha'), 3),
      server(string('answered'), 3),
    ],
  },
  {
    name: 'answers that nobody wants',
    shows: ['one-way'],
    records: [['PING', 'PONG'], 'CLIENT REPLY', ['SET', 'unheard']],
    messages: [
      client(command('PING'), 0),
      server('+PONG\r\n', 0),
      client(command('CLIENT', 'REPLY', 'SKIP'), 1),
      client(command('SET', 'unheard', '1'), 2),
    ],
  },
  {
    name: 'a replica',
    shows: ['in-order', 'hand-over'],
    next: 'replication of Redis',
    records: [
      ['PING', 'PONG'],
      ['REPLCONF', 'OK'],
      ['PSYNC', 'FULLRESYNC'],
    ],
    messages: [
      client(command('PING'), 0),
      server('+PONG\r\n', 0),
      client(command('REPLCONF', 'listening-port', '6380'), 1),
      server('+OK\r\n', 1),
      client(command('PSYNC', '?', '-1'), 2),
      server('+FULLRESYNC 0123456789012345678901234567890123456789 0\r\n', 2),
    ],
  },
]
