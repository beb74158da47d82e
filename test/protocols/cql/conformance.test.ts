import { cql } from '../../../src/protocols/cql'
import { conformance } from '../conformance'
import { SAMPLES } from './samples'

conformance({ protocol: cql, samples: SAMPLES })
