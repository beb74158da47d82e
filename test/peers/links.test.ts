import { describe, expect, test } from 'bun:test'
import { keepOnNode, onNode } from '../../src/peers/links'

test.each([
  ['/', '/?node=b%20c'],
  ['/x?a=1#top', '/x?a=1&node=b%20c#top'],
  ['/x?node=a', '/x?node=a'],
  ['/x?a=1&node=a', '/x?a=1&node=a'],
  ['/x?anode=1', '/x?anode=1&node=b%20c'],
  ['#main', '#main'],
  ['//elsewhere/', '//elsewhere/'],
  ['https://elsewhere/', 'https://elsewhere/'],
  ['/assets/a.js', '/assets/a.js'],
])('%s', (path, kept) => expect(onNode(path, 'b c')).toBe(kept))

const kept = (html: string, isArgument = (_: string) => false) =>
  keepOnNode(new Response(html), 'b', isArgument).text()

describe('markup', () => {
  test('what is escaped stays so', async () => {
    expect(await kept('<a href="/x?a=%22&amp;b=1">x</a>')).toBe('<a href="/x?a=%22&amp;b=1&amp;node=b">x</a>')
  })

  test('links of drawings', async () => {
    const html = '<div data-graph="{&quot;href&quot;:&quot;/s?pod=a&quot;,&quot;label&quot;:&quot;/s&quot;}">'
    expect(await kept(html)).toContain('/s?pod=a&node=b&quot;,&quot;label&quot;:&quot;/s&quot;')
  })

  test('posts and downloads', async () => {
    expect(await kept('<form hx-post="/q"><button data-download="/d">')).toBe(
      '<form hx-post="/q?node=b"><button data-download="/d?node=b">',
    )
  })

  test("a form keeps the node in a field, unless it has one of the script's", async () => {
    const form = '<form action="/s" hx-get="/s/result"></form>'
    expect(await kept(form)).toBe(
      '<form action="/s" hx-get="/s/result"><input type="hidden" name="node" value="b"></form>',
    )
    expect(await kept(form, (path) => path === '/s')).toBe(form)
  })

  test('text is left alone', async () => {
    const html = '<td>href="/x"</td>'
    expect(await kept(html)).toBe(html)
  })
})
