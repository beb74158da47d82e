import { invalid, type ProtocolIdentity } from '../lib/identity'
import { nameOfApi } from './schema'
import { kafkaEvents } from './table'

export const KAFKA: ProtocolIdentity = {
  label: 'Kafka',
  code: 10,
  tables: [kafkaEvents],
  names: [
    {
      name: 'kafka_api_key_name',
      description: 'The name of a Kafka API.',
      args: ['api_key'],
      nameOf: (key) => nameOfApi(key!) ?? invalid(key!),
    },
  ],
}
