import { http } from '../../../src/protocols/http'
import type { Protocol } from '../../../src/protocols/protocol'
import { conformance } from '../conformance'
import { SAMPLES } from './samples'

conformance(http as unknown as Protocol, SAMPLES)
