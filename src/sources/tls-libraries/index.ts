/** Data within TLS, read from the libraries that processes use. Its rows are those of the sockets' source. */
import type { OpenSource, RowSource, SourceContext } from '../source'
import { Libraries } from './libraries'
import { openTlsProbe, SOURCE_NAME } from './probe'
import { checkProcess } from './process-check'

const OFF: OpenSource = { probes: [], tick: () => {}, close: () => {} }

function open(context: SourceContext): OpenSource {
  const { kernel, config } = context
  if (config.tls === 'off') return OFF
  const leftOut = config.tls === 'on' ? [] : config.tls.split(',').map((name) => name.slice(1))
  const options = { ringBytes: config.ringBytes, ignorePids: [process.pid], leftOut }
  const { probes, probe } = openTlsProbe(kernel, options)
  return new Libraries(probes, probe, leftOut, context)
}

export const tls: RowSource = { name: SOURCE_NAME, tables: [], open, checkProcess }
