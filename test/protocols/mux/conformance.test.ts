import { mux } from '../../../src/protocols/mux'
import { conformance } from '../conformance'
import { SAMPLES } from './samples'

conformance({ protocol: mux, samples: SAMPLES })
