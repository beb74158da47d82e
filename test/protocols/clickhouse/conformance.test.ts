import { clickhouse } from '../../../src/protocols/clickhouse'
import { conformance } from '../conformance'
import { SAMPLES } from './samples'

conformance({ protocol: clickhouse, samples: SAMPLES })
