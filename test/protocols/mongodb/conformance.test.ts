import { mongodb } from '../../../src/protocols/mongodb'
import { conformance } from '../conformance'
import { SAMPLES } from './samples'

conformance({ protocol: mongodb, samples: SAMPLES })
