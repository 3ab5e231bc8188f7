#!/usr/bin/env bash
# Sets up what is missing, builds, and runs every test: with g++ and with clang++, with AddressSanitizer and
# UndefinedBehaviorSanitizer, and with ThreadSanitizer. Ends with ctest's summary over all of them.
#   tests/run.sh          everything
#   tests/run.sh --quick  g++ alone, without the tests labelled slow
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-}" in
  "") presets=(gcc clang asan-ubsan tsan) quick=() ;;
  --quick) presets=(gcc) quick=(--label-exclude slow) ;;
  *) echo "usage: tests/run.sh [--quick]" >&2; exit 2 ;;
esac

packages=(g++ clang libclang-rt-14-dev cmake ninja-build python3 binutils valgrind curl locales
  libfmt-dev libboost-dev libssl-dev libcrypt-dev openssl doctest-dev prometheus prometheus-pushgateway protobuf-compiler
  python3-prometheus-client spin)
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if ((${#missing[@]})); then
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# A locale with a decimal comma: nothing that is printed may depend on it.
locale -a | grep -qi '^de_DE\.utf-\?8$' || "${as_root[@]}" localedef -i de_DE -f UTF-8 de_DE.UTF-8

single_include/amalgamate.py --check

# One summary over all builds: a folder whose only content is a list of theirs.
mkdir -p build/all
: >build/all/CTestTestfile.cmake
for preset in "${presets[@]}"; do
  cmake --preset "$preset" >/dev/null
  cmake --build --preset "$preset"
  echo "subdirs(\"$PWD/build/$preset\")" >>build/all/CTestTestfile.cmake
done
# Twice as many at a time as there are processors: those that talk to other programs mostly wait.
exec ctest --test-dir build/all --output-on-failure --no-tests=error --parallel $((2 * $(nproc))) "${quick[@]}"
