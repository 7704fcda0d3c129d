#!/usr/bin/env bash
# Makes sure that the browser tests have a Chromium; where it may not install one, it says what is skipped.
set -euo pipefail
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "chromium …"
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk \
        </dev/null >/dev/null; then
        exit 0
    fi
fi
echo "SKIPPED: the browser tests. They need Chromium, and it could not be installed here (Debian: apt-get install chromium)."
