/** Ready code for each client, with the server's address and the write key in place. */

export interface Snippet {
  key: string;
  name: string;
  install: string;
  code: string;
}

export function snippets(host: string, writeKey: string): Snippet[] {
  return [
    {
      key: "curl",
      name: "curl",
      install: "",
      code: `curl ${host}/v1/batch \\
  -u '${writeKey}:' \\
  -H 'Content-Type: application/json' \\
  -d '{"batch":[{"type":"track","event":"Product Viewed","userId":"u1","messageId":"m1",
       "properties":{"product_id":"p1"},"timestamp":"'$(date -u +%FT%TZ)'"}]}'`,
    },
    {
      key: "segment-python",
      name: "Segment Python",
      install: "pip install segment-analytics-python",
      code: `import segment.analytics as analytics

analytics.write_key = "${writeKey}"
analytics.host = "${host}"

analytics.identify("u1", {"nickname": "小林"})
analytics.track("u1", "Order Completed", {
    "order_id": "o1001", "total": 128.5, "currency": "CNY",
    "products": [{"product_id": "p1", "quantity": 1, "price": 128.5}],
})
analytics.flush()`,
    },
    {
      key: "segment-node",
      name: "Segment Node",
      install: "npm install @segment/analytics-node",
      code: `import { Analytics } from "@segment/analytics-node";

const analytics = new Analytics({
  writeKey: "${writeKey}",
  host: "${host}",
  path: "/v1/batch",
});

analytics.track({ userId: "u1", event: "Product Viewed", properties: { product_id: "p1" } });
await analytics.closeAndFlush();`,
    },
    {
      key: "segment-browser",
      name: "Segment Browser",
      install: "npm install @segment/analytics-next",
      code: `import { AnalyticsBrowser } from "@segment/analytics-next";

const analytics = AnalyticsBrowser.load({
  writeKey: "${writeKey}",
  cdnURL: "${host}",
});

analytics.page();
analytics.identify("u1", { city: "Hangzhou" });
analytics.track("Product Viewed", { product_id: "p1" });`,
    },
    {
      key: "rudder-python",
      name: "RudderStack Python",
      install: "pip install rudder-sdk-python",
      code: `import rudderstack.analytics as analytics

analytics.write_key = "${writeKey}"
analytics.dataPlaneUrl = "${host}"

analytics.track("u1", "Product Viewed", {"product_id": "p1"})
analytics.flush()`,
    },
    {
      key: "posthog-python",
      name: "PostHog Python",
      install: "pip install posthog",
      code: `from posthog import Posthog

posthog = Posthog("${writeKey}", host="${host}")

posthog.set(distinct_id="u1", properties={"city": "Hangzhou"})
posthog.capture("Product Viewed", distinct_id="u1", properties={"product_id": "p1"})
posthog.shutdown()`,
    },
    {
      key: "posthog-node",
      name: "PostHog Node",
      install: "npm install posthog-node",
      code: `import { PostHog } from "posthog-node";

const posthog = new PostHog("${writeKey}", { host: "${host}" });

posthog.capture({ distinctId: "u1", event: "Product Viewed", properties: { product_id: "p1" } });
await posthog.shutdown();`,
    },
    {
      key: "sensors-python",
      name: "神策 Python",
      install: "pip install SensorsAnalyticsSDK",
      code: `import sensorsanalytics

consumer = sensorsanalytics.BatchConsumer("${host}/sa?token=${writeKey}")
sa = sensorsanalytics.SensorsAnalytics(consumer)

sa.track("u1", "ViewProduct", {"product_id": "p1"}, is_login_id=True)
sa.profile_set("u1", {"$name": "小林"}, is_login_id=True)
sa.flush()`,
    },
    {
      key: "sensors-node",
      name: "神策 Node",
      install: "npm install sa-sdk-node",
      code: `import sdk from "sa-sdk-node";

const SensorsAnalytics = sdk.default ?? sdk;
const sa = new SensorsAnalytics();
sa.submitTo({ url: "${host}/sa?token=${writeKey}", gzip: true });

sa.track("u1", "ViewProduct", { product_id: "p1", $is_login_id: true });`,
    },
    {
      key: "sensors-js",
      name: "神策 JavaScript",
      install: "npm install sa-sdk-javascript",
      code: `import sensors from "sa-sdk-javascript";

sensors.init({
  server_url: "${host}/sa?token=${writeKey}",
  is_track_single_page: true,
  send_type: "beacon",
});
sensors.quick("autoTrack");
sensors.login("u1");
sensors.track("ViewProduct", { product_id: "p1" });`,
    },
    {
      key: "sensors-mini",
      name: "神策 小程序",
      install: "npm install sa-sdk-miniprogram",
      code: `import sensors from "sa-sdk-miniprogram";

sensors.setPara({
  server_url: "${host}/sa?token=${writeKey}",
  autoTrack: { appLaunch: true, appShow: true, pageShow: true, pageShare: true },
});
sensors.init();
sensors.login("u1");
sensors.track("ShareProduct", { product_id: "p1" });`,
    },
  ];
}
