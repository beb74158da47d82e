import { http2 } from '../../../src/protocols/http2'
import { conformance } from '../conformance'
import { SAMPLES } from './samples'

conformance({ protocol: http2, samples: SAMPLES })
