import { fastcgi } from '../../../src/protocols/fastcgi'
import { conformance } from '../conformance'
import { SAMPLES } from './samples'

conformance({ protocol: fastcgi, samples: SAMPLES })
