import { expect, test } from 'bun:test'
import { jsx } from 'hono/jsx'
import { here, OnNode, onNode } from '../../ui/on-node'
import { ServiceMap } from '../../ui/pages/service-map'
import { resultTable } from '../support/literal-runner'

test.each([
  ['/', '/?node=b%20c'],
  ['/x?a=1#top', '/x?a=1&node=b%20c#top'],
  ['/x?node=a', '/x?node=a'],
  ['/x?a=1&node=a', '/x?a=1&node=a'],
  ['/x?anode=1', '/x?anode=1&node=b%20c'],
])('%s', (path, kept) => {
  expect(onNode(path, 'b c')).toBe(kept)
  expect(onNode(path, '')).toBe(path)
})

test('links of drawings stay on the node that is shown, and only there', () => {
  const columns = ['requestor_pod', 'responder_pod'].map((name) => {
    return { name, type: 'STRING', semantic: 'ST_POD_NAME' } as const
  })
  const map = resultTable('map', columns, [['shop/a', 'shop/b']])
  const drawn = () => jsx(ServiceMap, { map, scripts: new Set(['px/pod', 'px/pod_edge_stats']) })
  const there = String(jsx(OnNode, { value: 'b' }, drawn()))
  expect(there).toContain('/scripts/px/pod?pod=shop%2Fa&amp;node=b&quot;')
  expect(there).toContain('responding_pod=shop%2Fb&amp;node=b&quot;')
  expect(String(drawn())).not.toContain('node=b')
  expect(here('/')).toBe('/')
})
