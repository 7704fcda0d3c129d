// 神策's mini-program client under a small stand-in for what WeChat gives a mini-program.
const [serverUrl] = process.argv.slice(2);
const storage = new Map();
const heard = { show: [], hide: [] };
const answers = [];
const page = { route: "pages/product/index", options: { id: "p1" } };

globalThis.wx = {
  getAccountInfoSync: () => ({ miniProgram: { appId: "wx1", envVersion: "release", version: "2.1.0" } }),
  getSystemInfo: ({ success, complete }) => {
    const info = { brand: "Xiaomi", model: "M2", system: "Android 14", platform: "android", screenWidth: 390, screenHeight: 844, SDKVersion: "3.0.0" };
    success?.(info);
    complete?.(info);
  },
  getNetworkType: ({ success, complete }) => {
    success?.({ networkType: "wifi" });
    complete?.({ networkType: "wifi" });
  },
  getLaunchOptionsSync: () => ({ scene: 1007, path: page.route, query: {} }),
  getStorageSync: (key) => storage.get(key) ?? "",
  setStorageSync: (key, value) => void storage.set(key, value),
  getStorage: ({ key, success, complete }) => {
    success?.({ data: storage.get(key) ?? "" });
    complete?.({ data: storage.get(key) ?? "" });
  },
  onAppShow: (call) => void heard.show.push(call),
  onAppHide: (call) => void heard.hide.push(call),
  onNetworkStatusChange: () => undefined,
  setNavigationBarTitle: () => undefined,
  request: ({ url, method = "GET", data, header = {}, success, fail, complete }) => {
    const options = method === "GET" ? { method } : { method, headers: { "content-type": "application/x-www-form-urlencoded", ...header }, body: data };
    fetch(url, options).then(
      async (answer) => {
        answers.push(answer.status);
        const given = { statusCode: answer.status, data: await answer.text() };
        success?.(given);
        complete?.(given);
      },
      (error) => {
        answers.push(String(error));
        fail?.({ errMsg: String(error) });
        complete?.({ errMsg: String(error) });
      },
    );
  },
};
globalThis.App = (options) => {
  options.onLaunch?.call(options, wx.getLaunchOptionsSync());
  options.onShow?.call(options, wx.getLaunchOptionsSync());
};
globalThis.Page = (options) => {
  options.onLoad?.call(page, page.options);
  options.onShow?.call(page);
};
globalThis.Component = () => undefined;
globalThis.getCurrentPages = () => [page];

const sensors = require("sa-sdk-miniprogram");
sensors.setPara({
  server_url: serverUrl,
  batch_send: { send_timeout: 100, max_length: 20 },
  autoTrack: { appLaunch: true, appShow: true, appHide: true, pageShow: true, pageShare: true },
});
sensors.init();
App({});
for (const call of heard.show) call(wx.getLaunchOptionsSync());
Page({});
sensors.track("ViewProduct", { product_id: "p1" });
sensors.login("u1");
sensors.track("OrderCompleted", { order_id: "o1", total: 59.9, currency: "CNY" });
sensors.bindOpenid("openid-1");
sensors.bindUnionid("unionid-1");
sensors.setProfile({ city: "杭州" });

// What is gathered is sent by the client's own timer; when the person leaves, the rest goes at once.
const until = (holds, then) => {
  const looking = setInterval(() => {
    if (!holds()) return;
    clearInterval(looking);
    then();
  }, 20);
};
until(
  () => answers.length > 0,
  () => {
    const before = answers.length;
    for (const call of heard.hide) call();
    until(
      () => answers.length > before,
      () => {
        console.log(JSON.stringify(answers));
        process.exit(0);
      },
    );
  },
);
