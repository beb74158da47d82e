// Talks to Cassandra by DataStax's driver for Node, and prints what it asked and got, a JSON object each: node cql.mjs PORT [tls|events]
import cassandra from 'cassandra-driver'

const [, , port, way] = process.argv
const tls = way === 'tls'
const name = tls ? 'nodetls' : 'node'
const [QUERY, EXECUTE, BATCH] = [7, 10, 13]
const say = (op, body, got) => console.log(JSON.stringify({ op, body, rows: 0, error: 0, ...got }))

const client = new cassandra.Client({
  contactPoints: [`127.0.0.1:${port}`],
  localDataCenter: 'datacenter1',
  keyspace: 'shop',
  credentials: { username: 'cassandra', password: 'cassandra' },
  pooling: { coreConnectionsPerHost: { [cassandra.types.distance.local]: 2 } },
  sslOptions: tls ? { rejectUnauthorized: false } : undefined,
})

async function ask(op, shown, run) {
  try {
    const found = await run()
    say(op, shown, { rows: found.rowLength ?? 0 })
  } catch (error) {
    say(op, shown, { error: error.code })
  }
}

async function talk() {
  await client.connect()
  const select = 'SELECT name, price FROM shop.goods WHERE name = ?'
  // Values that aren't prepared have no types: bytes that are text are shown as such.
  await ask(QUERY, `query=[${select}] params=['${name}']`, () =>
    client.execute(select, [name], { prepare: false }),
  )
  const insert = 'INSERT INTO shop.goods (name, price, password) VALUES (?, ?, ?)'
  const shown = (i) => `query=[${insert}] params=['${name} ${i}', ${i}.25, '[redacted]']`
  const values = (i) => [`${name} ${i}`, i + 0.25, 'pa55w0rd']
  await ask(EXECUTE, shown(0), () => client.execute(insert, values(0), { prepare: true }))
  // All at once, on two connections.
  const all = Array.from({ length: 60 }, (_, i) =>
    ask(EXECUTE, shown(i + 1), () => client.execute(insert, values(i + 1), { prepare: true })),
  )
  await Promise.all(all)
  const lines = [
    'BEGIN LOGGED BATCH',
    shown('b').replace('b.25', '5'),
    `DELETE FROM shop.goods WHERE name = '${name} 1'`,
  ]
  await ask(BATCH, [...lines, 'APPLY BATCH'].join(';\n'), () =>
    client.batch(
      [
        { query: insert, params: [`${name} b`, 5, 'pa55w0rd'] },
        { query: `DELETE FROM shop.goods WHERE name = '${name} 1'` },
      ],
      { prepare: true },
    ),
  )
  const wrong = `SELECT nothing FROM shop.goods WHERE name = '${name}'`
  await ask(QUERY, wrong, () => client.execute(wrong))
  const many = 'SELECT name FROM shop.many'
  await ask(QUERY, many, () => client.execute(many))
  await client.shutdown()
}

/** A table is made and deleted: who has registered is told. */
async function events() {
  await client.connect()
  for (const statement of ['CREATE TABLE shop.told (a int PRIMARY KEY)', 'DROP TABLE shop.told'])
    await client.execute(statement)
  await client.shutdown()
}

await (way === 'events' ? events() : talk())
