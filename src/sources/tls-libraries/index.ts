/** Data within TLS, read from the libraries that processes use. Its rows are those of the sockets' source. */
import { LeftOut } from '../left-out'
import type { OpenSource, RowSource, SourceContext } from '../source'
import { Libraries } from './libraries'
import { openTlsProbe, SOURCE_NAME } from './probe'
import { checkProcess } from './process-check'

const OFF: OpenSource = { probes: [], tick: () => {}, close: () => {} }

function open(context: SourceContext): OpenSource {
  const { kernel, config } = context
  if (config.tls === 'off') return OFF
  const leftOut = new LeftOut(config.tls, (pid) => context.processes.podUidOf(pid))
  const options = { ringBytes: config.ringBytes, ignorePids: [process.pid], leftOut: leftOut.names }
  const { probes, probe } = openTlsProbe(kernel, options)
  return new Libraries(probes, probe, leftOut, context)
}

export const tls: RowSource = { name: SOURCE_NAME, tables: [], open, checkProcess }
