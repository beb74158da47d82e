import { websocket } from '../../../src/protocols/websocket'
import { conformance } from '../conformance'
import { COMPRESSED, COMPRESSED_SAMPLES, PLAIN, SAMPLES } from './samples'

conformance({ protocol: websocket, samples: SAMPLES, handshake: PLAIN! })
conformance({ protocol: websocket, samples: COMPRESSED_SAMPLES, handshake: COMPRESSED! })
