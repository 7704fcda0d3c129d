import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { mockApi } from "./mock/plugin";

const server = process.env.WEAKTIE_SERVER ?? "http://127.0.0.1:8765";
const mocked = process.env.WEAKTIE_MOCK === "1";

export default defineConfig({
  plugins: [react(), ...(mocked ? [mockApi()] : [])],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: { port: 5173, proxy: mocked ? undefined : { "/api": { target: server, changeOrigin: true } } },
  build: {
    outDir: "../../src/weaktie/app/static/console",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
  },
});
