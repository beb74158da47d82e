import { mysql } from '../../../src/protocols/mysql'
import { conformance } from '../conformance'
import { SAMPLES } from './samples'

conformance({ protocol: mysql, samples: SAMPLES })
