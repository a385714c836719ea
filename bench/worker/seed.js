// seed.js bullmq|stream COUNT DELIVERIES: lays the first COUNT deliveries of
// the file where the peer's worker takes them from.

const fs = require('fs')
const [kind, total, prefix] = process.argv.slice(2)
const { NODE_MODULES, REDIS } = process.env
const { Redis } = require(NODE_MODULES + '/ioredis')

const count = +total
const step = 500
const index = fs.readFileSync(prefix + '.idx')
const bytes = fs.openSync(prefix + '.bin', 'r')
const redis = new Redis({ path: REDIS, maxRetriesPerRequest: null })

function message (i) {
  const from = Number(index.readBigUInt64LE(8 * i))
  const to = Number(index.readBigUInt64LE(8 * i + 8))
  const b = Buffer.alloc(to - from)
  fs.readSync(bytes, b, 0, b.length, from)
  const body = JSON.parse(b.subarray(b.indexOf('\r\n\r\n') + 4))
  const value = body.entry[0].changes[0].value
  const m = value.messages[0]
  return {
    ch: 'whatsapp', id: m.id, from: m.from,
    to: value.metadata.phone_number_id, name: value.contacts[0].profile.name,
    ts: m.timestamp, type: m.type, text: m.text.body
  }
}

async function bullmq (messages, queue) {
  await queue.addBulk(messages.map(data =>
    ({ name: 'm', data, opts: { removeOnComplete: true } })))
}

async function stream (messages) {
  const p = redis.pipeline()
  for (const m of messages) p.xadd('cx:in', '*', ...Object.entries(m).flat())
  await p.exec()
}

async function main () {
  const queue = kind === 'bullmq' &&
    new (require(NODE_MODULES + '/bullmq').Queue)('cx', { connection: redis })
  for (let i = 0; i < count; i += step) {
    const messages = []
    for (let k = i; k < Math.min(count, i + step); k++) messages.push(message(k))
    await (queue ? bullmq(messages, queue) : stream(messages))
  }
  if (!queue) await redis.xgroup('CREATE', 'cx:in', 'g', '0')
  process.exit(0)
}

main()
