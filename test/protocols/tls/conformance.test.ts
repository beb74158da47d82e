import { tls } from '../../../src/protocols/tls'
import { conformance } from '../conformance'
import { SAMPLES } from './samples'

conformance({ protocol: tls, samples: SAMPLES })
