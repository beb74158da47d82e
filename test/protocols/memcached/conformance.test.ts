import { memcached } from '../../../src/protocols/memcached'
import { conformance } from '../conformance'
import { SAMPLES } from './samples'

conformance({ protocol: memcached, samples: SAMPLES })
