import { websocket } from '../../../src/protocols/websocket'
import { conformance } from '../conformance'
import { COMPRESSED, COMPRESSED_SAMPLES, HANDSHAKE, SAMPLES } from './samples'

conformance({ protocol: websocket, samples: SAMPLES, handshake: HANDSHAKE! })
conformance({ protocol: websocket, samples: COMPRESSED_SAMPLES, handshake: COMPRESSED! })
