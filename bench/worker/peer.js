// The Node workers: peer.js bullmq|stream COUNT CALLS MODEL_PATH DATABASE.
// Takes a message, asks the model, posts the reply, stores a row, is done.

const [kind, total, calls, path, file] = process.argv.slice(2)
const { NODE_MODULES, REDIS, MOCK } = process.env
const load = name => require(NODE_MODULES + '/' + name)
const { Pool } = load('undici')
const { Redis } = load('ioredis')

const count = +total
const limit = +calls
const origin = 'http://127.0.0.1:' + MOCK
const model = new Pool(origin, { connections: limit, headersTimeout: 60000 })
const graph = new Pool(origin, { connections: 64 })
const headers = {
  'content-type': 'application/json',
  authorization: 'Bearer sk-0123456789abcdef0123456789abcdef'
}
const system = 'You answer the customers of a small shop, politely. '.repeat(20)

const db = new (load('better-sqlite3'))(file)
db.pragma('journal_mode = WAL')
db.pragma('synchronous = NORMAL')
db.exec(`CREATE TABLE message (id TEXT PRIMARY KEY, peer TEXT, ts INTEGER,
         text TEXT, reply TEXT, tokens INTEGER)`)
const insert = db.prepare('INSERT OR IGNORE INTO message VALUES (?,?,?,?,?,?)')
const commit = db.transaction(rows => { for (const r of rows) insert.run(r) })

// Group commit: the rows of one turn of the event loop in one transaction.
let waiting = []

function store (row) {
  return new Promise(resolve => {
    if (waiting.push({ row, resolve }) > 1) return
    setImmediate(() => {
      const batch = waiting
      waiting = []
      commit(batch.map(b => b.row))
      for (const b of batch) b.resolve()
    })
  })
}

async function post (pool, path, body) {
  const answer = await pool.request({
    path, method: 'POST', headers, body: JSON.stringify(body)
  })
  if (answer.statusCode !== 200) throw new Error('status ' + answer.statusCode)
  return answer.body.json()
}

async function work (m) {
  const answer = await post(model, path + '/chat/completions', {
    model: 'double-1',
    messages: [{ role: 'system', content: system },
      { role: 'user', content: m.text }]
  })
  const reply = answer.choices[0].message.content
  await post(graph, '/v20.0/' + m.to + '/messages', {
    messaging_product: 'whatsapp', to: m.from, type: 'text',
    text: { body: reply }
  })
  await store([m.id, m.from, +m.ts, m.text, reply, answer.usage.total_tokens])
}

let done = 0

function finished () {
  if (++done < count) return
  const rows = db.prepare('SELECT count(*) AS n FROM message').get().n
  console.log('RESULT rows=' + rows)
}

const connect = () => new Redis({
  path: REDIS, maxRetriesPerRequest: null, enableAutoPipelining: true
})

function bullmq () {
  const { Worker } = load('bullmq')
  new Worker('cx', job => work(job.data),
    { connection: connect(), concurrency: limit }).on('completed', finished)
}

async function stream () {
  const reader = connect()
  const acks = connect()
  let busy = 0
  let freed = null

  async function one (id, fields) {
    const m = {}
    for (let i = 0; i < fields.length; i += 2) m[fields[i]] = fields[i + 1]
    await work(m)
    await acks.xack('cx:in', 'g', id)
    busy--
    finished()
    if (freed) { freed(); freed = null }
  }

  for (;;) {
    if (busy >= limit) { await new Promise(resolve => { freed = resolve }) }
    const found = await reader.xreadgroup('GROUP', 'g', 'c',
      'COUNT', Math.min(limit - busy, 256), 'BLOCK', 1000,
      'STREAMS', 'cx:in', '>')
    for (const [id, fields] of found?.[0][1] ?? []) { busy++; one(id, fields) }
  }
}

kind === 'bullmq' ? bullmq() : stream()
