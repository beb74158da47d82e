/** Every route of the API. Adding one here serves it and documents it. */
import { checkScript, completeScript } from './editor-routes'
import { healthz, readMetrics, readStatus, readyz } from './health-routes'
import { makeLink } from './links-route'
import { listNodes } from './nodes-route'
import type { Route } from './route'
import { runScript, runText, tableRows } from './run-routes'
import { listScripts, readScript } from './script-routes'
import { changeSettings } from './settings-route'
import { listTables, readStore } from './store-routes'

export const ROUTES: readonly Route[] = [
  runScript,
  runText,
  listTables,
  tableRows,
  listScripts,
  readScript,
  checkScript,
  completeScript,
  readStore,
  readStatus,
  changeSettings,
  makeLink,
  listNodes,
  readMetrics,
  healthz,
  readyz,
]
