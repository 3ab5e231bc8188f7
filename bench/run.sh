#!/usr/bin/env bash
# Builds the benches, runs them and prints one table; with --plots or --scaling also, or only, how costs grow. Exit
# status: 0 where all bars hold, 1 where one is missed, 2 where something could not be measured. CXX chooses the compiler
# of the benches (g++).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

build=$root/build/bench${CXX:+-${CXX##*/}}
both=()
table=()
scaling=()
only_scaling=false
while (($#)); do
  case $1 in
    --quick) both+=("$1") ;;
    --without-compiling) table+=("$1") ;;
    --scaling) only_scaling=true ;;
    --plots) scaling+=("$1" "$(realpath -m "${2:?--plots needs a folder}")") && shift ;;
    --json) json=$(realpath -m "${2:?--json needs a file}") && shift ;;
    --build) build=$(realpath -m "${2:?--build needs a folder}") && shift ;;
    *)
      echo "usage: bench/run.sh [--quick] [--json FILE] [--plots FOLDER] [--scaling] [--build FOLDER]" \
        "[--without-compiling]" >&2
      exit 2
      ;;
  esac
  shift
done
# The file is the table's, but where there is none.
if [[ -n ${json-} ]]; then
  if $only_scaling; then scaling+=(--json "$json"); else table+=(--json "$json"); fi
fi

missing=()
has() { command -v "$1" >/dev/null || missing+=("$2"); }
has g++ g++
has clang++ clang
has cmake cmake
has ninja ninja-build
has python3 python3
has wrk wrk
has taskset util-linux
[[ -e /usr/include/benchmark/benchmark.h ]] || missing+=(libbenchmark-dev)
[[ -e /usr/include/fmt/format.h ]] || missing+=(libfmt-dev)
[[ -e /usr/include/prometheus/registry.h ]] || missing+=(prometheus-cpp-dev)

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Says nothing unless the command fails.
quietly() {
  "$@" >"$log" 2>&1 || { cat "$log" >&2; echo "bench: failed: $*" >&2; exit 2; }
}
if ((${#missing[@]})); then
  as_root=()
  ((EUID == 0)) || as_root=(sudo)
  quietly "${as_root[@]}" apt-get update
  quietly "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
fi

quietly cmake -S "$root" -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="${CXX:-g++}" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_CXX_FLAGS_RELEASE="-O2 -DNDEBUG" -DVITALS_BENCH=ON -DVITALS_TESTS=OFF -DVITALS_EXAMPLES=OFF \
  -DVITALS_INSTALL=OFF
targets=(all)
if $only_scaling; then targets=(bench_scaling); elif ((${#scaling[@]})); then targets+=(bench_scaling); fi
quietly cmake --build "$build" --target "${targets[@]}"
status=0
if ! $only_scaling; then
  python3 "$root/bench/table.py" --build "$build" "${both[@]}" "${table[@]}" || status=$?
  ((${#scaling[@]})) || exit "$status"
  echo
fi
python3 "$root/bench/scaling.py" --build "$build" "${both[@]}" "${scaling[@]}" || status=$((status ? status : $?))
exit "$status"
