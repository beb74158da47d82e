/** `nixie status` in words. */
import { describe, expect, test } from 'bun:test'
import { notReadyReason } from '../../../src/api/health-routes'
import { metricsText } from '../../../src/api/metrics'
import { statusText } from '../../../src/cli/commands/status'
import { unsureWords } from '../../../src/health/counters'
import { statusOf } from '../../support/status'

const textOf = (unsureAnswers: number) => {
  const { counters, ...rest } = statusOf()
  return [...statusText({ ...rest, counters: { ...counters, unsureAnswers } }, 200)].join('')
}

test('answers that wait until they are sure are no loss, and are said beside the losses', () => {
  expect(textOf(0)).not.toContain('Unsure')
  expect(textOf(3800)).toContain(`Unsure   ${unsureWords(3800)}\n`)
  expect(unsureWords(3800)).toStartWith('3,800 answers wait until it is sure which request each belongs to')
  expect(unsureWords(1)).toStartWith('1 answer waits until it is sure which request it belongs to')
  expect(unsureWords(0)).toBeUndefined()
})

test('a count that also shrinks is a gauge for Prometheus', () => {
  const text = metricsText(statusOf())
  expect(text).toContain('# TYPE nixie_unsure_answers gauge\n')
  expect(text).toContain('# TYPE nixie_under_way_left_out gauge\n')
  expect(text).not.toContain('nixie_unsure_answers_total')
})

describe('a program whose TLS is not read', () => {
  const unread = {
    source: 'tls_tracer',
    name: 'TLS of java',
    purpose: 'Data within TLS of this program',
    required: false,
    attached: false,
    error: 'Java has its own TLS',
    hint: 'Nothing can be done.',
    unread: true,
  }
  const told = statusOf({ probes: [...statusOf().probes, unread] })

  test('is said beside the probes, and is none of them', () => {
    const text = [...statusText(told, 200)].join('')
    expect(text).toContain(
      `Probes   1 of 1 attached
Unread   1 program
         TLS of java (Data within TLS of this program): Java has its own TLS
         Nothing can be done.
`,
    )
    expect(text).not.toContain('nixie check')
  })

  test('is no reason for Nixie not to be ready, and no metric of a probe', () => {
    expect(notReadyReason({ ...told, ready: false })).toBe('Capture is still starting')
    expect(metricsText(told)).not.toContain('java')
  })
})
