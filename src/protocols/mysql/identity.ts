import { inOrder, invalid, type ProtocolIdentity } from '../lib/identity'
import { mysqlEvents } from './table'

/** MySQL client/server protocol, "Command Phase"; the last one is MariaDB's. */
const COMMANDS = inOrder(
  'Sleep Quit InitDB Query FieldList CreateDB DropDB Refresh Shutdown Statistics ProcessInfo Connect ProcessKill Debug Ping Time DelayedInsert ChangeUser BinlogDump TableDump ConnectOut RegisterSlave StmtPrepare StmtExecute StmtSendLongData StmtClose StmtReset SetOption StmtFetch Daemon BinlogDumpGTID ResetConnection',
  (code) => (code === 0xfa ? 'StmtBulkExecute' : invalid(code)),
)

export const MYSQL: ProtocolIdentity = {
  label: 'MySQL',
  code: 3,
  tables: [mysqlEvents],
  names: [
    {
      name: 'mysql_command_name',
      description: 'The name of a MySQL command.',
      args: ['cmd'],
      nameOf: COMMANDS,
    },
  ],
}
