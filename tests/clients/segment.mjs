// Segment's Node client, as a shop's server uses it.
import { Analytics } from "@segment/analytics-node";

const [host, writeKey] = process.argv.slice(2);
const failures = [];
const analytics = new Analytics({ writeKey, host, path: "/v1/batch", flushAt: 20 });
analytics.on("error", (error) => failures.push(String(error.code)));
analytics.identify({ userId: "u1", traits: { city: "杭州", phone: "13800000000" } });
analytics.track({
  userId: "u1",
  event: "Order Completed",
  properties: { order_id: "o1", total: 59.9, currency: "CNY" },
  timestamp: new Date("2026-01-02T03:04:05.678Z"),
});
analytics.page({ anonymousId: "a1", name: "Home", properties: { url: "https://shop.example/" } });
analytics.screen({ anonymousId: "a1", name: "Cart" });
analytics.group({ userId: "u1", groupId: "g1" });
analytics.alias({ userId: "u1", previousId: "a0" });
for (let n = 1; n <= 60; n += 1) analytics.track({ userId: `v${n}`, event: "Counted", properties: { n } });
await analytics.closeAndFlush({ timeout: 20_000 });
console.log(JSON.stringify(failures));
