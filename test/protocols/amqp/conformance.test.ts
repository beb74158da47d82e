import { amqp } from '../../../src/protocols/amqp'
import { conformance } from '../conformance'
import { SAMPLES } from './samples'

conformance({ protocol: amqp, samples: SAMPLES })
