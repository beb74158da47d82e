// Talks to MariaDB by mysql2, and prints what it asked and got, a JSON object each: node mysql.mjs PORT FILE|older
import { createReadStream } from 'node:fs'
import mysql from 'mysql2/promise'

const [, , port, file] = process.argv
const say = (cmd, body, got) =>
  console.log(JSON.stringify({ cmd, body, rows: 0, affected: 0, error: 0, ...got }))

const options = {
  host: '127.0.0.1',
  port: Number(port),
  user: 'app',
  password: 'hunter2',
  database: 'shop',
  multipleStatements: true,
}

const gotOf = (result) => {
  const results =
    Array.isArray(result[0]) || result.some?.((one) => one?.affectedRows !== undefined) ? result : [result]
  return {
    rows: results.reduce((sum, one) => sum + (Array.isArray(one) ? one.length : 0), 0),
    affected: results.reduce((sum, one) => sum + (one?.affectedRows ?? 0), 0),
  }
}

async function ask(connection, sql, more = {}) {
  try {
    const [result] = await connection.query({ sql, ...more })
    say(3, sql, gotOf(result))
  } catch (error) {
    say(3, sql, { error: error.errno })
  }
}

async function execute(connection, sql, values, shown) {
  const [result] = await connection.execute(sql, values)
  say(23, `query=[${sql}] params=[${shown.join(', ')}]`, gotOf(result))
}

async function talk(name, extra) {
  const connection = await mysql.createConnection({ ...options, ...extra })
  await ask(connection, `SELECT '${name}', 1`)
  await ask(connection, `INSERT INTO goods (name, price) VALUES ('${name}', 5), ('${name} two', 6)`)
  await ask(connection, `SELECT seq, '${name}' FROM seq_1_to_3000`)
  await ask(connection, `SELECT * FROM missing_${name}`)
  await ask(connection, `CALL two_results('${name}')`)
  await ask(
    connection,
    `SELECT 1, '${name}'; UPDATE goods SET price = 7 WHERE name = '${name} two'; SELECT 2`,
  )
  const when = new Date(2026, 10, 26, 12, 30, 5)
  const insert = 'INSERT INTO goods (name, price, sold, secret) VALUES (?, ?, ?, ?)'
  // mysql2 sends numbers as doubles.
  await execute(
    connection,
    insert,
    [`${name}, é`, 12.5, when, 'pa55w0rd'],
    [`${name}, é`, '12.5', '2026-11-26 12:30:05', '[redacted]'],
  )
  await execute(
    connection,
    insert,
    [`${name} b`, null, when, null],
    [`${name} b`, 'NULL', '2026-11-26 12:30:05', 'NULL'],
  )
  await execute(
    connection,
    'SELECT name, price FROM goods WHERE name = ? AND price > ?',
    [`${name}, é`, 3],
    [`${name}, é`, '3'],
  )
  await ask(connection, `LOAD DATA LOCAL INFILE '${file}' INTO TABLE loaded (name)`, {
    infileStreamFactory: () => createReadStream(file),
  })
  await ask(connection, `SELECT REPEAT('${name}', 2000000)`)
  const large = `SELECT LENGTH('${'x'.repeat(17_000_000)}') AS ${name}`
  const [[row]] = await connection.query(large)
  say(3, large.slice(0, 1024), { rows: 1 })
  if (row[name] !== 17_000_000) throw new Error('a large statement')
  await connection.ping()
  say(14, '', {})
  await connection.changeUser({ user: 'other', password: 'hunter3', database: 'second' })
  await ask(connection, `SELECT DATABASE(), '${name}'`)
  await connection.end()
}

/** Prepares a statement, waits for its input, and goes on. */
async function older() {
  const connection = await mysql.createConnection(options)
  const statement = await connection.prepare('SELECT ? AS older')
  console.log('ready')
  for await (const _ of process.stdin);
  // By its pauses it is known that it waits for each answer.
  for (let i = 0; i < 8; i++) {
    await new Promise((done) => setTimeout(done, 150))
    await ask(connection, `SELECT ${i} AS older`)
  }
  await statement.execute([5])
  say(23, '<unknown statement>', { rows: 1 })
  await connection.end()
}

if (file === 'older') {
  await older()
  process.exit()
}
await talk('nodeplain', {})
await talk('nodezip', { compress: true })
await talk('nodetls', { ssl: { rejectUnauthorized: false } })
await mysql.createConnection({ ...options, password: 'hunter4' }).then(
  () => Promise.reject(new Error('a wrong password')),
  (error) => say(11, 'app', { error: error.errno }),
)
