/** Requests past the proxy of the environment: to this machine and to pods, which are never behind it. */

/** Bun takes `proxy: false`; its types don't know that. */
export const fetchDirect = (url: string | URL, init: RequestInit): Promise<Response> =>
  fetch(url, { ...init, proxy: false } as RequestInit)
