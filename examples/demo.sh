#!/usr/bin/env bash
# Builds examples/event_relay and runs it: it follows a log, and serves its metrics and its health. Arguments are
# event_relay's:
#   examples/demo.sh                  follow /var/log/dpkg.log (or the shipped sample), serve on port 9464 (or $PORT)
#   examples/demo.sh --target URL     post the events there; kill it and see http://127.0.0.1:9464/readyz
#   examples/demo.sh --once           read it to its end, print the metrics, exit
#   examples/demo.sh --help           all options
# Sets up what is missing on Debian. Standard output is event_relay's alone.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/demo
compiler=${CXX:-g++}

# The Debian packages of what is missing.
missing_packages() {
  if ! command -v "$compiler" >/dev/null; then
    printf '%s\n' g++ libfmt-dev libboost-dev
  else
    has_header fmt/format.h || echo libfmt-dev
    has_header boost/beast/version.hpp || echo libboost-dev
  fi
  command -v cmake >/dev/null || echo cmake
  command -v ninja >/dev/null || echo ninja-build
}

has_header() {
  echo "#include <$1>" | "$compiler" -E -x c++ - >/dev/null 2>&1
}

set_up() {
  local packages as_root=()
  read -ra packages <<<"$(missing_packages | xargs)"
  if [[ ${#packages[@]} -eq 0 ]]; then
    return
  fi
  if [[ $EUID -ne 0 ]]; then
    as_root=(sudo)
  fi
  local tool
  for tool in apt-get "${as_root[@]}"; do
    if ! command -v "$tool" >/dev/null; then
      echo "demo.sh: ${packages[*]} missing, and no $tool to install with. On Debian, as root:"
      echo "  apt-get update && apt-get install -y --no-install-recommends ${packages[*]}"
      exit 1
    fi
  done
  echo "demo.sh: installing ${packages[*]}"
  "${as_root[@]}" apt-get update
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}"
}

build() {
  if [[ -e $build/CMakeCache.txt ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$build/CMakeCache.txt"; then
    rm -r "$build"  # made where this folder lay before it was moved or copied
  fi
  cmake -S "$root" -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Release -DVITALS_TESTS=OFF
  cmake --build "$build" --target event_relay
}

{
  set_up
  build
} >&2

exec "$build/examples/event_relay" --port "${PORT:-9464}" "$@"
