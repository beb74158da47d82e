/** The pages of another node: their links, requests and forms stay on it. */
import { createContext, useContext } from 'hono/jsx'

/** The name of the other node; '' where the page is this one's own. */
const ShownNode = createContext('')

/** What is within is about the node `value`. */
export const OnNode = ShownNode.Provider

/** A path of this server with `node=`, unless it names a node itself. */
export function onNode(path: string, node: string): string {
  const [, before, hash] = /^([^#]*)(.*)$/s.exec(path)!
  if (node === '' || /[?&]node=/.test(before!)) return path
  return `${before}${before!.includes('?') ? '&' : '?'}node=${encodeURIComponent(node)}${hash}`
}

/** The path for the page that is being rendered. */
export const here = (path: string): string => onNode(path, useContext(ShownNode))

/** Of a form that a browser sends by itself. */
export function NodeField() {
  const node = useContext(ShownNode)
  return node === '' ? null : <input type="hidden" name="node" value={node} />
}
