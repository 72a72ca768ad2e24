// Makes one client of posthog-node, calls it, and prints what it says it sent, as JSON.
// node send_node.mjs '{"token", "host", "options", "script": "every-kind" | "many"}'
import { PostHog } from 'posthog-node'

const { token, host, options, script } = JSON.parse(process.argv[2])
const posthog = new PostHog(token, { host, flushInterval: 50, ...options })
const report = { queued: [], flushed: [], errors: [] }
const noted = ({ uuid, event, distinct_id, timestamp }) => ({ uuid, event, distinct_id, timestamp })
for (const kind of ['capture', 'identify', 'alias', 'autocapture', 'groupIdentify']) {
  posthog.on(kind, (message) => report.queued.push(noted(message)))
}
posthog.on('flush', (messages) => report.flushed.push(...messages.map(({ uuid }) => uuid)))
posthog.on('error', (error) => report.errors.push(String(error)))

const scripts = {
  'every-kind': async () => {
    const distinctId = 'user-1'
    posthog.capture({
      distinctId,
      event: 'my event',
      uuid: '018f0000-0000-7000-8000-000000000001',
      properties: { text: 'Zürich 😀 \u0000', list: [1, { a: null }], $set: { plan: 'pro' }, $set_once: { first: 'x' } },
    })
    posthog.identify({ distinctId, properties: { email: 'a@example.com', $anon_distinct_id: 'anon-2' } })
    posthog.alias({ distinctId, alias: 'anon-1' })
    posthog.groupIdentify({ groupType: 'company', groupKey: 'acme', properties: { name: 'Acme' } })
    posthog.capture({ distinctId, event: 'with groups', groups: { company: 'acme' } })
    posthog.capture({ distinctId, event: 'old', timestamp: new Date('2019-02-28T23:59:59.123Z'), disableGeoip: false })
    posthog.captureException(new TypeError('no such thing'), distinctId)
    await new Promise((done) => setTimeout(done, 100)) // exceptions are read in the background
  },
  many: async () => {
    for (let place = 0; place < 60; place++) {
      posthog.capture({ distinctId: `user-${place % 7}`, event: 'bought', properties: { place } })
      if (place % 10 === 9) await new Promise((done) => setTimeout(done, 60))
    }
  },
}
// a client that waits before it tries again does not keep node alive; what uses it does
const alive = setInterval(() => {}, 1000)
await scripts[script]()
await posthog.shutdown(20_000)
clearInterval(alive)
console.log(JSON.stringify(report))
