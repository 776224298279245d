# Which tests there are, how one runs, and what is said of it.
# shellcheck shell=bash

passed=0 failed=0 skipped=0 running_test=''

# A test is a function `test_…`; its name has hyphens. A test named by --only runs in the order of the files.
select_tests() {
  local name pattern
  while read -r name; do
    name=${name#test_}
    name=${name//_/-}
    if (($# == 0)); then echo "$name"; continue; fi
    for pattern in "$@"; do
      # shellcheck disable=SC2053 # a pattern is wanted
      if [[ $name == $pattern ]]; then echo "$name"; break; fi
    done
  done < <(cat "$here"/tests/*.sh | sed -n 's/^\(test_[a-z0-9_]*\)() {.*/\1/p')
}

# run_test NAME: in a subshell with its own folder, where any failing command ends it.
run_test() {
  local name=$1 log=$work/logs/test-$1 status=0 began=$EPOCHREALTIME why
  mkdir -p "$work/scratch/$name"
  # `|| status=$?` would switch `set -e` off inside, so errexit is lifted around it instead.
  set +e
  (
    set -eE
    trap - EXIT INT TERM HUP
    trap 'echo "${BASH_SOURCE[0]##*/}:$LINENO: failed: $BASH_COMMAND" >&2' ERR
    cd "$work/scratch/$name"
    # Every command, for whoever keeps the folder.
    exec {BASH_XTRACEFD}>"$log.trace"
    set -x
    "test_${name//-/_}"
  ) >"$log" 2>&1 &
  # In the background, because a shell that waits for a foreground child hears no signal until that ends.
  running_test=$!
  wait "$running_test"
  status=$?
  running_test=''
  set -e
  case $status in
    0)
      passed=$((passed + 1))
      echo "ok $name ($(seconds_since "$began"))"
      ;;
    77)
      skipped=$((skipped + 1))
      why=$(<"$work/scratch/$name.skipped")
      echo "skipped $name: $why"
      ;;
    *)
      failed=$((failed + 1))
      echo "FAILED $name ($(seconds_since "$began"))"
      tail -n "${FAILED_LINES:-15}" "$log" | sed 's/^/    /'
      ;;
  esac
  # Nodes of a fleet write there until the next fleet ends them: what comes while it is emptied stays for the clean-up.
  rm -rf --one-file-system "$work/scratch/$name" 2>/dev/null || true
}

seconds_since() { awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f", to - from }'; }

print_totals() {
  echo "$passed passed, $failed failed, $skipped skipped"
  ((failed == 0)) || exit 1
  # What CI did not run it did not check.
  if [[ ${CI:-} == true ]] && ((skipped > 0)); then exit 1; fi
}

# For tests: why this one can't run here.
skip() {
  set +x
  echo "$*" >"$work/scratch/$(basename "$PWD").skipped"
  exit 77
}

# Says which line of which test asked.
fail() {
  set +x
  local frame=0
  while [[ ${FUNCNAME[frame]} != test_* && -n ${FUNCNAME[frame + 1]:-} ]]; do frame=$((frame + 1)); done
  echo "${BASH_SOURCE[frame]##*/}:${BASH_LINENO[frame - 1]}: $*" >&2
  exit 1
}

expect_equal() {
  [[ $1 == "$2" ]] || fail "${3:-value}: expected '$1', found '$2'"
}

expect_contains() {
  [[ $1 == *"$2"* ]] || fail "expected '$2' in: $1"
}

expect_refusal() {
  if "$@"; then fail "expected a refusal from: $*"; fi
}

# limited COMMAND…: a client that hangs is a failure, not a stuck pipeline. TERM lets it remove its own files.
limited() { timeout --kill-after=5 "${CLIENT_SECONDS:-300}" "$@"; }

# How a skip for a missing program reads; what installs it is in `packages`.
need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || skip "$program is not installed"
  done
}
