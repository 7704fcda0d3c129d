import "@/kit/nonce";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { ApiError } from "@/api/client";
import { LookProvider } from "@/kit/look";
import { SessionProvider } from "@/kit/session";
import { LanguageProvider } from "@/i18n";
import { Pages } from "@/app/shell/Pages";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/lists.css";
import "./styles/slices.css";
import "./styles/imports.css";
import "./styles/acquisition.css";
import "./styles/mend.css";
import "./styles/tracking.css";
import "./styles/behaviour.css";
import "./styles/segments.css";
import "./styles/funnel.css";
import "./styles/retention.css";
import "./styles/identity.css";
import "./styles/metrics.css";
import "./styles/consent.css";
import "./styles/tags.css";
import "./styles/sql.css";
import "./styles/boards.css";
import "./styles/loyalty.css";
import "./styles/graph.css";
import "./styles/influence.css";
import "./styles/risk.css";
import "./styles/referral.css";

const FRESH_MS = 15_000;
const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      refetchOnWindowFocus: false,
      // a refusal stays one however often it is asked; only an unreachable or busy server is asked again
      retry: (failures, error) => failures < 2 && error instanceof ApiError && (error.status === 0 || error.status === 503),
    },
  },
});

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <LanguageProvider>
        <LookProvider>
          <SessionProvider>
            <BrowserRouter>
              <Pages />
            </BrowserRouter>
          </SessionProvider>
        </LookProvider>
      </LanguageProvider>
    </QueryClientProvider>
  </StrictMode>,
);
