/** Whose a query is: whoever takes the requests says so once, and all that is asked while one is answered is of the same client. */
import { AsyncLocalStorage } from 'node:async_hooks'

const clients = new AsyncLocalStorage<string>()

/** All queries that `act` begins, also later, are of this client. */
export const asClient = <T>(client: string, act: () => T): T => clients.run(client, act)

/** '' where nobody said. */
export const currentClient = (): string => clients.getStore() ?? ''
