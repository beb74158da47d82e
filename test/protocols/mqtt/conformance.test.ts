import { mqtt } from '../../../src/protocols/mqtt'
import { conformance } from '../conformance'
import { SAMPLES } from './samples'

conformance({ protocol: mqtt, samples: SAMPLES })
