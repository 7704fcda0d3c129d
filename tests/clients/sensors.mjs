// 神策's Node client: gzipped, plain, and its debug modes.
import sdk from "sa-sdk-node";

const [url, mode, gzip] = process.argv.slice(2);
const failures = [];
const SensorsAnalytics = sdk.default ?? sdk;
const sa = new SensorsAnalytics();
const submitter = sa.submitTo({ url, gzip: gzip === "gzip", mode, timeout: 10_000 });
submitter.catch((error) => failures.push(String(error)));
sa.track("u1", "ProductViewed", { product_id: "p1", $time: new Date("2026-01-02T03:04:05.678Z"), $is_login_id: true });
if (mode === "track") {
  sa.trackSignup("u1", "a1");
  sa.profileSet("u1", { city: "杭州", $name: "小鹿", $is_login_id: true });
  sa.profileSetOnce("u1", { first: 1 });
  sa.profileIncrement("u1", { points: 3 });
  sa.profileAppend("u1", { topics: ["a", "b"] });
  sa.profileUnset("u1", ["city"]);
} else {
  sa.track("u1", "OrderCompleted", { total: 5 });
}
process.on("exit", () => console.log(JSON.stringify(failures)));
