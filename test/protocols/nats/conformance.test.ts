import { nats } from '../../../src/protocols/nats'
import { conformance } from '../conformance'
import { SAMPLES } from './samples'

conformance({ protocol: nats, samples: SAMPLES })
