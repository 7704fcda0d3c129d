#!/usr/bin/env bash
# Makes sure that the tests of the spark:// engine have a Java 17 or later; where it may not install one, it says what is skipped.
set -euo pipefail
new_enough() {
    local java
    for java in "${JAVA_HOME:+$JAVA_HOME/bin/java}" java; do
        [ -n "$java" ] && command -v "$java" >/dev/null || continue
        version=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
        [ "${version:-0}" -ge 17 ] && return 0
        return 1
    done
    return 1
}
new_enough && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "java …"
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update -qq >/dev/null && { apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless \
        </dev/null >/dev/null 2>&1 || apt-get install -y -qq --no-install-recommends default-jre-headless \
        </dev/null >/dev/null; }; then
        new_enough && exit 0
    fi
fi
echo "SKIPPED: the tests of spark://. They need Java 17, and it could not be installed here (Debian: apt-get install openjdk-17-jre-headless)."
