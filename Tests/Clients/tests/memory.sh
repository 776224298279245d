# What the memory of a node does while 2 GiB go through it: in by a push, out and in by BitTorrent.
# shellcheck shell=bash

# What the second GiB may add to what stays in memory, and what may be there at any moment.
readonly gibibyte=$((1 << 30)) growth_kib=4096 peak_kib=$((160 << 10))

# memory_node NAME PORT: a node of its own, with all of its images public.
memory_node() {
  spawn "memory-$1" env SHOAL_TORRENT_PUBLIC='**' SHOAL_TORRENT_LISTEN="127.0.0.1:0" SHOAL_TORRENT_DHT=false \
    "$shoal" serve --data "$PWD/$1" --listen "127.0.0.1:$2"
  wait_until 20 curl -fsS -o /dev/null "http://127.0.0.1:$2/v2/" || fail "no node: $(tail "$work/logs/memory-$1")"
}

# The most that the node had in memory so far, and what it has now, in KiB.
peak() { memory_line VmHWM "$1"; }
resident() { memory_line VmRSS "$1"; }
memory_line() { awk -v line="$1:" '$1 == line { print $2 }' "/proc/$(<"$work/pids/memory-$2")/status"; }

# A GiB that no other is, and no file.
gibibyte_of() { head -c "$gibibyte" /dev/zero | openssl enc -aes-128-ctr -nosalt -pass "pass:$1" 2>/dev/null; }

push_gibibyte() { gibibyte_of "$1" | http -f --max-time 120 -X PATCH -H 'Expect:' -T - -D headers "$location" >/dev/null; }

# how_much_is_here: bytes verified so far; nothing before the fetch has begun.
how_much_is_here() { "$shoal" status --json --data "$PWD/taker" | jq -r '.fetches[0].verifiedBytes // 0'; }

is_half_here() { (($(how_much_is_here) >= gibibyte)); }

# expect_little_growth NODE PEAK RESIDENT: both after the first GiB, each beside the same after the second. A peak beside
# a peak, since what comes and goes would hide beneath the higher of the two what stays.
expect_little_growth() {
  local most end
  end=$(resident "$1") most=$(peak "$1")
  echo "$1: at most $2 KiB for one GiB, $most KiB for two; $3 KiB and then $end KiB stay"
  ((most - $2 <= growth_kib)) || fail "the peak of $1 grew by $((most - $2)) KiB with the second GiB, and may by $growth_kib"
  ((end - $3 <= growth_kib)) || fail "what stays of $1 grew by $((end - $3)) KiB with the second GiB, and may by $growth_kib"
  ((most <= peak_kib)) || fail "$1 had $most KiB in memory, and may have $peak_kib"
}

test_memory_stays_while_two_gibibytes_move() {
  [[ -n ${shoal:-} ]] || skip 'there is no binary to start a node of'
  local port taker_port half rest digest location
  port=$(free_port)
  memory_node giver "$port"
  digest=sha256:$({ gibibyte_of one; gibibyte_of two; } | sha256sum | cut -d ' ' -f 1)
  location=http://127.0.0.1:$port$(header_of Location -X POST "http://127.0.0.1:$port/v2/big/blobs/uploads/" | sed 's,^http://[^/]*,,')
  push_gibibyte one
  half=$(peak giver) rest=$(resident giver)
  push_gibibyte two
  http -f --max-time 120 -X PUT -H 'Content-Length: 0' "$location?digest=$digest" >/dev/null
  expect_little_growth giver "$half" "$rest"

  taker_port=$(free_port)
  memory_node taker "$taker_port"
  "$shoal" torrent start "$digest" --data "$PWD/giver"
  http -f -H 'Accept: application/x-bittorrent;v=2' -o big.torrent "http://127.0.0.1:$port/v2/big/blobs/$digest"
  local at
  at=$(grep 'speaking BitTorrent' "$work/logs/memory-giver" | grep -o '127\.0\.0\.1:[0-9]*')
  "$shoal" blob fetch big.torrent --digest "$digest" --into big --peer "$at" --data "$PWD/taker" >fetched 2>&1 &
  local fetch=$! giver_half giver_rest
  wait_until 120 is_half_here || fail "half of it did not come: $(<fetched)"
  half=$(peak taker) rest=$(resident taker) giver_half=$(peak giver) giver_rest=$(resident giver)
  wait "$fetch" || fail "$(<fetched)"
  expect_little_growth taker "$half" "$rest"
  expect_little_growth giver "$giver_half" "$giver_rest"
  expect_equal "$digest" "$(http "http://127.0.0.1:$taker_port/v2/big/blobs/$digest" | file_digest -)" 'digest of what was fetched'
  stop memory-giver && stop memory-taker
}
