#!/usr/bin/env bun
/** Nixie: what every process on this node says over the network. */
import { main } from './cli'
import { serve } from './serve'

process.exit(await main(process.argv.slice(2), { serve }))
