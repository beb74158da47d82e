/** Whether a Nixie answers on this host. */

const ASK_MS = 1000

export async function localServer(url: string): Promise<boolean> {
  try {
    // Loopback is never behind the proxy of the environment.
    const init = { signal: AbortSignal.timeout(ASK_MS), proxy: false } as unknown as RequestInit
    return ((await (await fetch(`${url}/healthz`, init)).json()) as { ready?: boolean }).ready !== undefined
  } catch {
    return false
  }
}
