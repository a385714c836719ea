// The Node edge: fastify and ioredis, raw bytes verified, one atomic round
// trip to Redis a message (ioredis joins those of one turn).

const { createHmac, createSecretKey, timingSafeEqual } = require('crypto')
const { NODE_MODULES, REDIS, BACK } = process.env
const { Redis } = require(NODE_MODULES + '/ioredis')

const secret = createSecretKey(Buffer.from('0123456789abcdef0123456789abcdef'))
const redis = new Redis({ path: REDIS, enableAutoPipelining: true })
const app = require(NODE_MODULES + '/fastify')({ logger: false })

function authentic (body, header = '') {
  const got = Buffer.from(header.slice('sha256='.length), 'hex')
  const want = createHmac('sha256', secret).update(body).digest()
  return got.length === want.length && timingSafeEqual(got, want)
}

function enqueue (value, m) {
  return redis.fcall('peer_enqueue', 2, 'seen:' + m.id, 'cx:in',
    'ch', 'whatsapp', 'id', m.id, 'from', m.from,
    'to', value.metadata.phone_number_id,
    'name', value.contacts?.[0]?.profile?.name ?? '',
    'ts', m.timestamp, 'type', m.type, 'text', m.text?.body ?? '')
}

app.addContentTypeParser('application/json', { parseAs: 'buffer' },
  (request, body, done) => done(null, body))

app.post('/webhook', async (request, reply) => {
  if (!authentic(request.body, request.headers['x-hub-signature-256'])) {
    return reply.code(401).send('')
  }
  const calls = []
  for (const entry of JSON.parse(request.body).entry) {
    for (const { value } of entry.changes) {
      for (const m of value.messages ?? []) calls.push(enqueue(value, m))
    }
  }
  await Promise.all(calls)
  return reply.send('ok')
})

app.listen({ port: +BACK, host: '127.0.0.1', backlog: 4096 })
