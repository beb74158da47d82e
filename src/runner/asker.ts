/** The client of a query. The server sets it once per request, and it holds for all queries that the request makes. */
import { AsyncLocalStorage } from 'node:async_hooks'

const clients = new AsyncLocalStorage<string>()

/** All queries that `act` begins, also later, belong to this client. */
export const asClient = <T>(client: string, act: () => T): T => clients.run(client, act)

/** '' when no client was set. */
export const currentClient = (): string => clients.getStore() ?? ''
