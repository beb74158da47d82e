import { redis } from '../../../src/protocols/redis'
import { conformance } from '../conformance'
import { SAMPLES } from './samples'

conformance({ protocol: redis, samples: SAMPLES })
