import { http } from '../../../src/protocols/http'
import { conformance } from '../conformance'
import { SAMPLES } from './samples'

conformance({ protocol: http, samples: SAMPLES })
