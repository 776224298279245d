# What the memory of a node does while 2 GiB go through it: in by a push, out and in by BitTorrent.
# shellcheck shell=bash

# What the second GiB may add to what stays in memory, and what may be there at any moment. A disk that is busy makes the buffers
# before it fuller by some MiB, for as long as it is; what is kept of each piece would be more.
readonly gibibyte=$((1 << 30)) growth_kib=12288 peak_kib=$((160 << 10))

# memory_node NAME PORT: a node of its own, with all of its images public.
memory_node() {
  spawn "memory-$1" env SHOAL_TORRENT_PUBLIC='**' SHOAL_TORRENT_LISTEN="127.0.0.1:0" SHOAL_TORRENT_DHT=false \
    "$shoal" serve --data "$PWD/$1" --listen "127.0.0.1:$2"
  wait_until 30 curl -fsS -o /dev/null "http://127.0.0.1:$2/v2/" || fail "no node: $(tail "$work/logs/memory-$1")"
}

# The most that the node had in memory so far, and what it has now, in KiB.
peak() { memory_line VmHWM "$1"; }
resident() { memory_line VmRSS "$1"; }
memory_line() { awk -v line="$1:" '$1 == line { print $2 }' "/proc/$(<"$work/pids/memory-$2")/status"; }

# sample NODE FILE: what it has, twenty times a second, until somebody removes the file FILE.on.
sample() {
  while [[ -e $2.on ]]; do
    resident "$1" >>"$2"
    sleep 0.05
  done
}

# begin_samples NODE FILE, end_samples FILE
begin_samples() {
  touch "$2.on"
  sample "$1" "$2" &
}
end_samples() { rm "$1.on"; }

# middle FILE: the median of its numbers. Buffers come and go, and peaks with them: what stays moves the middle.
middle() { sort -n "$1" | awk '{ seen[NR] = $1 } END { print seen[int((NR + 1) / 2)] }'; }

# A GiB that no other is, and no file.
gibibyte_of() { head -c "$gibibyte" /dev/zero | openssl enc -aes-128-ctr -nosalt -pass "pass:$1" 2>/dev/null; }

push_gibibyte() { gibibyte_of "$1" | http -f --max-time 600 -X PATCH -H 'Expect:' -T - -D headers "$location" >/dev/null; }

# how_much_is_here: bytes verified so far; nothing before the fetch has begun.
how_much_is_here() { "$shoal" status --json --data "$PWD/taker" | jq -r '.fetches[0].verifiedBytes // 0'; }

# Or it ended, and says why.
is_half_here() { ! kill -0 "$fetch" 2>/dev/null || (($(how_much_is_here) >= gibibyte)); }

# expect_little_growth NODE FIRST SECOND: files of samples, of the first GiB and of the second.
expect_little_growth() {
  local first second most
  first=$(middle "$2") second=$(middle "$3") most=$(peak "$1")
  echo "$1: $first KiB in the middle of one GiB, $second KiB of the next, $most KiB at most"
  ((second - first <= growth_kib)) || fail "$1 grew by $((second - first)) KiB with the second GiB, and may by $growth_kib"
  ((most <= peak_kib)) || fail "$1 had $most KiB in memory, and may have $peak_kib"
}

test_memory_stays_while_two_gibibytes_move() {
  [[ -n ${shoal:-} ]] || skip 'there is no binary to start a node of'
  local port taker_port digest location
  port=$(free_port)
  memory_node giver "$port"
  digest=sha256:$({ gibibyte_of one; gibibyte_of two; } | sha256sum | cut -d ' ' -f 1)
  location=http://127.0.0.1:$port$(header_of Location -X POST "http://127.0.0.1:$port/v2/big/blobs/uploads/" | sed 's,^http://[^/]*,,')
  begin_samples giver push-one
  push_gibibyte one
  end_samples push-one
  begin_samples giver push-two
  push_gibibyte two
  http -f --max-time 600 -X PUT -H 'Content-Length: 0' "$location?digest=$digest" >/dev/null
  end_samples push-two
  expect_little_growth giver push-one push-two

  taker_port=$(free_port)
  memory_node taker "$taker_port"
  "$shoal" torrent start "$digest" --data "$PWD/giver"
  http -f -H 'Accept: application/x-bittorrent;v=2' -o big.torrent "http://127.0.0.1:$port/v2/big/blobs/$digest"
  local at
  wait_until 30 grep -q 'speaking BitTorrent' "$work/logs/memory-giver" || fail "no BitTorrent: $(tail "$work/logs/memory-giver")"
  at=$(grep 'speaking BitTorrent' "$work/logs/memory-giver" | grep -o '127\.0\.0\.1:[0-9]*')
  begin_samples giver sent-one
  begin_samples taker taken-one
  "$shoal" blob fetch big.torrent --digest "$digest" --into big --peer "$at" --data "$PWD/taker" >fetched 2>&1 &
  local fetch=$!
  wait_until 300 is_half_here || fail "half of it did not come: $(<fetched)"
  end_samples sent-one
  end_samples taken-one
  begin_samples giver sent-two
  begin_samples taker taken-two
  wait "$fetch" || fail "$(<fetched)"
  end_samples sent-two
  end_samples taken-two
  expect_little_growth taker taken-one taken-two
  expect_little_growth giver sent-one sent-two
  expect_equal "$digest" "$(http --max-time 600 "http://127.0.0.1:$taker_port/v2/big/blobs/$digest" | file_digest -)" 'digest of what was fetched'
  stop memory-giver && stop memory-taker
}
