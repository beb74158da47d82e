#!/usr/bin/env bun
/** Nixie: what every process on this node says over the network. */
import { main } from './cli'
import type { Config } from './config'

// Only the server needs the pages, the kernel and the store: a client command starts without them.
const prepare = async (config: Config) => (await import('./privileges')).prepare(config)

const serve = async (config: Config) => {
  if (config.capture) await prepare(config)
  return (await import('./serve')).serve(config)
}

process.exit(await main(process.argv.slice(2), { serve, prepare }))
