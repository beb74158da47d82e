// Talks to PostgreSQL through pg, whose values are text, and says as JSON lines what it asked and got.
// Usage: node pgsql.mjs URL NAME
import pg from 'pg'

const [url, name] = process.argv.slice(2)
const client = new pg.Client({
  connectionString: url.split('?')[0],
  ssl: url.includes('sslmode=require') ? { rejectUnauthorized: false } : false,
})
client.on('error', () => {})
const notified = new Promise((done) => client.on('notification', done))
await client.connect()

const say = (line) => console.log(JSON.stringify(line))
async function ask(mark, sql, values, more = {}) {
  const since = process.hrtime.bigint()
  let rows = 0
  let error = ''
  try {
    const result = await client.query({ text: `${sql} /* ${mark} */`, values, ...more })
    rows = [result].flat().reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0)
  } catch (cause) {
    error = cause.code
  }
  say({ mark, rows, error, ns: Number(process.hrtime.bigint() - since) })
}

for (let i = 0; i < 20; i++) await ask(`${name}-simple`, `SELECT generate_series(1, ${i})`)
for (let i = 0; i < 20; i++) await ask(`${name}-series`, 'SELECT generate_series(1, $1::int)', [i])
for (let i = 0; i < 10; i++)
  await ask(`${name}-named`, 'SELECT $1::text, $2::int', [`v${i}`, i], { name: 'named' })
await ask(`${name}-values`, 'SELECT $1::int8, $2::text, $3::bool, $4::text', ['-7', 'Zoë', true, null])
await ask(`${name}-fails`, 'SELECT 1 / $1::int', [0])
await ask(`${name}-syntax`, 'SELEC $1', [0])
await ask(`${name}-missing`, 'SELECT * FROM missing_table')
await ask(`${name}-several`, 'SELECT 1; SELECT 2')
await ask(`${name}-secret`, `SELECT * FROM (SELECT $2::text AS password, 7 AS n) AS t WHERE password = $1`, [
  'hunter2',
  'p',
])
await ask(`${name}-role`, `CREATE ROLE "${name}" PASSWORD 'hunter2'`)
// Sent without waiting, answered in order.
await Promise.all(Array.from({ length: 10 }, (_, i) => ask(`${name}-queued`, `SELECT ${i}`)))
if (!url.includes('pooled')) {
  await client.query(`LISTEN "${name}_news"`)
  await client.query(`NOTIFY "${name}_news", 'extra'`)
  await notified
}
await client.end()
