import type { Protocol } from '../protocol'
import { KafkaConversation } from './conversation'
import { KAFKA } from './identity'
import { recognise, search } from './recognise'
import { TopicNames } from './topics'

const topics = new TopicNames()

export const kafka: Protocol = {
  ...KAFKA,
  name: 'kafka',
  transports: ['tcp', 'tls'],
  captureCap: 1 << 20,
  recognise,
  search,
  open: (link) => new KafkaConversation(link, topics),
}
