/** The suite on members that keep every invariant. */
import { conformance } from '.'
import { keyed, lines } from './members'

conformance(keyed)
conformance(lines)
