import { pgsql } from '../../../src/protocols/pgsql'
import { conformance } from '../conformance'
import { SAMPLES } from './samples'

conformance({ protocol: pgsql, samples: SAMPLES })
