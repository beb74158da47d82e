/** Rewrites another node's pages so that their links stay on that node. */

const isHere = (path: string) =>
  path.startsWith('/') && !path.startsWith('//') && !path.startsWith('/assets/')

/**
 * A path of the same server with `node=`, unless it names a node itself. `and`: the separator of parameters, which is
 * `&amp;` in markup.
 */
export function onNode(path: string, node: string, and = '&'): string {
  if (!isHere(path)) return path
  const [, before, hash] = /^([^#]*)(.*)$/s.exec(path)!
  if (/[?&;]node=/.test(before!)) return path
  return `${before}${before!.includes('?') ? and : '?'}node=${encodeURIComponent(node)}${hash}`
}

/** Paths in the data of drawings: JSON in an attribute, with escaped quotes. */
const DRAWN_LINK = /("|&quot;)href\1:\1(\/[^"&]*(?:&(?!quot;)[^"&]*)*)\1/g

const LINKS = ['href', 'hx-get', 'hx-post', 'data-download'] as const
const DRAWN = ['data-graph', 'data-chart', 'data-flame'] as const

/**
 * The answer in which every link, request and form names `node`.
 * @param isArgument whether `node` is an argument of the script at this path: its form has a field of that name
 */
export function keepOnNode(answer: Response, node: string, isArgument: (path: string) => boolean): Response {
  const rewriter = new HTMLRewriter()
  for (const name of LINKS) {
    rewriter.on(`[${name}]`, {
      element: (element) => {
        // A GET form gets a hidden field instead, see below.
        if (element.tagName === 'form' && name === 'hx-get') return
        element.setAttribute(name, onNode(element.getAttribute(name)!, node, '&amp;'))
      },
    })
  }
  for (const name of DRAWN) {
    rewriter.on(`[${name}]`, {
      element: (element) => {
        const drawn = element.getAttribute(name)!
        const kept = drawn.replace(DRAWN_LINK, (_, quote: string, path: string) => {
          return `${quote}href${quote}:${quote}${onNode(path, node)}${quote}`
        })
        if (kept !== drawn) element.setAttribute(name, kept)
      },
    })
  }
  rewriter.on('form[action]', {
    element: (form) => {
      if (isArgument(form.getAttribute('action')!)) return
      form.prepend(`<input type="hidden" name="node" value="${Bun.escapeHTML(node)}">`, { html: true })
    },
  })
  return rewriter.transform(answer)
}
