import { dns } from '../../../src/protocols/dns'
import { conformance } from '../conformance'
import { SAMPLES } from './samples'

conformance({ protocol: dns, samples: SAMPLES })
