# A herd pulls one image at once, over lines of 25 Mbit/s: it feeds itself, and goes on when nodes, clients and disks do not.
# shellcheck shell=bash

test_swarm_a_cold_herd_feeds_itself() {
  new_herd "${herd_names[@]}"
  local name
  push_layer a team/herd:1
  expect_known team/herd:1 b c d e f
  note_traffic "${herd_names[@]}"
  for name in b c d e f; do begin_pull "$name" "$name" team/herd; done
  finish_pulls b c d e f
  # As a star it would be five.
  expect_copies a 200
}

test_swarm_outlives_its_busiest_seeder() {
  new_herd "${herd_names[@]}"
  local name victim others=()
  push_layer a team/herd:1
  expect_known team/herd:1 b c d e f
  note_traffic "${herd_names[@]}"
  for name in b c d e f; do begin_pull "$name" "$name" team/herd; done
  wait_for_half c
  victim=$(busiest b c d e f)
  kill_node "$victim"
  for name in b c d e f; do [[ $name == "$victim" ]] || others+=("$name"); done
  finish_pulls "${others[@]}"
  expect_copies a 250
}

# docker pulls from b and containerd from c, while the busiest of the others falls silent.
test_swarm_docker_and_containerd_outlive_a_silent_seeder() {
  new_herd "${herd_names[@]}"
  need_fleet_docker
  need_containerd
  local name digest each clients=() others=()
  push_layer a team/herd:1
  digest=$(on a digest_of team/herd 1)
  expect_known team/herd:1 b c d e f
  note_traffic "${herd_names[@]}"
  fleet_docker pull --quiet "$(address_of b)/team/herd:1" &
  clients+=("$!")
  from_clients timeout "${CLIENT_SECONDS:-300}" ctr --address "$containerd_socket" --namespace swarm images pull --plain-http \
    "$(address_of c)/team/herd@$digest" >/dev/null &
  clients+=("$!")
  for name in d e f; do begin_pull "$name" "$name" team/herd; done
  wait_for_half d
  name=$(busiest d e f)
  black_hole "$name"
  wait "${clients[0]}" || fail 'docker failed'
  wait "${clients[1]}" || fail 'containerd failed'
  expect_equal "$image_id" "$(fleet_docker image inspect --format '{{.Id}}' "$(address_of b)/team/herd:1")" 'image pulled by docker'
  expect_contains "$(ctr --address "$containerd_socket" --namespace swarm content ls --quiet)" "$layer"
  for each in d e f; do [[ $each == "$name" ]] || others+=("$each"); done
  finish_pulls "${others[@]}"
}

# Another node has the whole by then: what the origin alone has goes with it.
test_swarm_outlives_an_origin_that_falls_silent() {
  new_herd "${herd_names[@]}"
  local name
  push_layer a team/herd:1
  expect_known team/herd:1 b c d e f
  begin_pull b b team/herd
  finish_pulls b
  for name in c d e f; do begin_pull "$name" "$name" team/herd; done
  wait_for_half d
  black_hole a
  finish_pulls c d e f
}

test_swarm_lives_without_the_writer() {
  new_herd "${herd_names[@]}"
  local name
  push_layer a team/herd:1
  expect_known team/herd:1 b c d e f
  for name in b c; do begin_pull "$name" "$name" team/herd; done
  finish_pulls b c
  kill_node a
  note_traffic b c
  for name in d e f; do begin_pull "$name" "$name" team/herd; done
  finish_pulls d e f
  (($(sent_since b) > 0 && $(sent_since c) > 0)) || fail "b sent $(sent_since b) bytes, c $(sent_since c)"
}

# On a slower line, so that it is in the middle of it.
test_swarm_a_removed_member_gets_no_more() {
  new_herd a b c d
  shape 5 d
  local name before
  push_layer a team/herd:1
  expect_known team/herd:1 b c d
  for name in b c d; do begin_pull "$name" "$name" team/herd; done
  wait_until "$pull_seconds" has_pulled d 1000000 || fail "d has pulled $(pulled d) bytes"
  fleet a remove d
  for name in b c; do wait_until 30 has_put_out "$name" d || fail "$name has not heard that d was removed"; done
  # What is on its way may arrive: for twenty seconds, in which its line does not carry the rest.
  wait_until 1 is_quiet d || fail "bytes still come to d"
  local began=$SECONDS
  before=$(bytes_received d)
  finish_pulls b c
  sleep 3
  local came=$(($(bytes_received d) - before))
  # Its own knocking is answered, with nothing; its line carries 600,000 bytes a second.
  ((came < 150000 + 20000 * (SECONDS - began))) || fail "$came bytes came to d after it was removed"
  if wait "${pullers[d]}"; then fail 'the removed member pulled the whole layer'; fi
  cmp -n "$(pulled d)" pulled-d layer || fail 'd served other bytes'
}

# has_put_out NAME MEMBER: it lists that member no more.
has_put_out() {
  local listed
  listed=$(fleet "$1" ls) && [[ $listed != *"$(address "$2"):"* ]]
}

# is_quiet NAME: hardly anything comes to it for a second.
is_quiet() {
  local before
  before=$(bytes_received "$1")
  sleep 1
  (($(bytes_received "$1") - before < 60000))
}

# Ten of eleven readers at one node, and the only one at another.
test_swarm_clients_that_leave_stop_nobody() {
  new_herd a b c d
  local number
  push_layer a team/herd:1
  expect_known team/herd:1 b c d
  note_traffic a
  for number in {1..11}; do begin_pull "b-$number" b team/herd; done
  begin_pull c c team/herd
  begin_pull d d team/herd
  wait_until "$pull_seconds" has_pulled c 2000000 || fail "c has pulled $(pulled c) bytes"
  wait_until "$pull_seconds" has_pulled b-1 2000000 || fail "b-1 has pulled $(pulled b-1) bytes"
  # Whoever has the whole by now has left.
  kill "${pullers[c]}" 2>/dev/null || true
  for number in {2..11}; do kill "${pullers[b-$number]}" 2>/dev/null || true; done
  finish_pulls b-1 d
  # However many readers there were at b, the layer came there once.
  expect_copies a 250
  begin_pull c c team/herd
  finish_pulls c
}

test_swarm_ranges_are_read_while_the_layer_arrives() {
  new_herd a b c
  local number first length ranges=()
  push_layer a team/herd:1
  expect_known team/herd:1 b c
  local before
  before=$(bytes_received b)
  begin_pull c c team/herd
  length=$((layer_bytes / 8 + 1))
  for number in {0..7}; do
    first=$((number * length))
    begin_pull "range-$number" b team/herd -r "$first-$((first + length - 1))"
    ranges+=("range-$number")
  done
  for number in {0..7}; do
    wait "${pullers[range-$number]}" || fail "range $number: $(<"pulled-range-$number.errors")"
    cmp "pulled-range-$number" <(tail -c "+$((number * length + 1))" layer | head -c "$length") || fail "range $number has other bytes"
  done
  finish_pulls c
  local hundredths=$((100 * ($(bytes_received b) - before) / layer_bytes))
  ((hundredths < 150)) || stood_still || fail "$hundredths hundredths of the layer came to b for ${#ranges[@]} ranges of it"
  # And it is whole there.
  kill_node a
  kill_node c
  begin_pull again b team/herd
  finish_pulls again
}

# The node's disk has less room than the layer: its clients are told, the others go on, and so does the node.
test_swarm_a_full_disk_is_told_and_stops_nobody() {
  need_fleet
  mkdir b
  mount -t tmpfs -o size=10m shoal-small b 2>/dev/null || skip 'no small disk can be mounted here'
  new_herd a b c
  push_layer a team/herd:1
  expect_known team/herd:1 b c
  begin_pull b b team/herd
  begin_pull c c team/herd
  finish_pulls c
  if wait "${pullers[b]}"; then fail "b served $(pulled b) bytes from a disk of 10 MiB"; fi
  (($(pulled b) < layer_bytes)) || fail 'b served all bytes'
  cmp -n "$(pulled b)" pulled-b layer || fail 'b served other bytes'
  wait_until 30 node_answers b || fail "b does not answer: $(tail -n 5 "$(log_of b)")"
  # What fits is pulled; what did not was dropped.
  push_layer a team/herd:2 2
  expect_known team/herd:2 b
  begin_pull small b team/herd
  finish_pulls small
  stop_node b
  umount b
}
