// PostHog's Node client, as a shop's server uses it.
import { PostHog } from "posthog-node";

const [host, key] = process.argv.slice(2);
const failures = [];
const client = new PostHog(key, { host, flushAt: 10, fetchRetryCount: 1 });
client.on("error", (error) => failures.push(String(error)));
client.capture({
  distinctId: "u1",
  event: "Order Completed",
  properties: { order_id: "o1", total: 59.9, currency: "CNY", $set: { city: "杭州" } },
  timestamp: new Date("2026-01-02T03:04:05.678Z"),
});
client.identify({ distinctId: "u1", properties: { phone: "13800000000", $anon_distinct_id: "a1" } });
client.alias({ distinctId: "u1", alias: "0196aaaa-0000-7000-8000-000000000001" });
client.groupIdentify({ groupType: "company", groupKey: "g1", properties: { name: "Mothers" } });
for (let n = 1; n <= 40; n += 1) client.capture({ distinctId: `v${n}`, event: "Counted", properties: { n } });
await client.shutdown(20_000);
console.log(JSON.stringify(failures));
