import { kafka } from '../../../src/protocols/kafka'
import { conformance } from '../conformance'
import { SAMPLES } from './samples'

conformance({ protocol: kafka, samples: SAMPLES })
