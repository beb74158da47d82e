/** Whether a Nixie answers on this host. */
import { fetchDirect } from '../direct'

const ASK_MS = 1000

export async function localServer(url: string): Promise<boolean> {
  try {
    const response = await fetchDirect(`${url}/healthz`, { signal: AbortSignal.timeout(ASK_MS) })
    return ((await response.json()) as { ready?: boolean }).ready !== undefined
  } catch {
    return false
  }
}
