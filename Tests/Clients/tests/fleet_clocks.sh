# Nodes whose clocks are wrong.
# shellcheck shell=bash

# For start_node, with FAKETIME=+1h or such: another hour, but intervals as they are.
# shellcheck disable=SC2034
another_hour=(LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1 FAKETIME_DONT_FAKE_MONOTONIC=1)

test_fleet_a_clock_ahead_writes_nothing_and_pulls_go_on() {
  local digest
  set_clock_of_b +1h
  # What the others name is the same there, and its bytes come; a deletion reaches it too.
  digest=$(push_small c clock/app:2 'an hour ago, for b')
  expect_tag 30 clock/app:2 "$digest" a b
  on b expect_whole_image clock/app 2
  delete c clock/app "$digest"
  expect_no_manifest 30 clock/app 2 b
  set_clock_of_b_right
}

# By its own clock, what the others name is dated ahead. It knows from both of them that its clock is wrong, and shows what
# they name as they do.
test_fleet_a_clock_behind_writes_nothing_and_pulls_go_on() {
  local digest again
  set_clock_of_b -1h
  digest=$(push_small c clock/app:2 'in an hour, for b')
  expect_tag 30 clock/app:2 "$digest" a b
  on b expect_whole_image clock/app 1
  on b expect_whole_image clock/app 2
  again=$(push_small a clock/app:1 'said anew')
  expect_tag 30 clock/app:1 "$again" b c
  delete c clock/app "$again"
  expect_no_manifest 30 clock/app 1 b
  set_clock_of_b_right
  expect_tag 30 clock/app:2 "$digest" b
}

# set_clock_of_b HOUR: in a fleet of three with one image, the node b starts again with a clock that is so far off. It says
# so, and takes no names.
set_clock_of_b() {
  need faketime
  local digest
  new_fleet a b c
  digest=$(push_small a clock/app:1 'in time')
  expect_tag 30 clock/app:1 "$digest" b c
  on b expect_whole_image clock/app 1
  stop_node b
  start_node b "${another_hour[@]}" "FAKETIME=$1"
  wait_until 30 says_its_clock_is_wrong b || fail "b does not say so: $(fleet b ls 2>&1)"
  expect_equal 503 "$(on b put_anything)" 'status of a push to the node with the wrong clock'
  expect_contains "$(<answer)" 'clock'
}

# Then it writes again, and nothing that anybody says is from another hour.
set_clock_of_b_right() {
  local digest
  stop_node b
  start_node b
  wait_until 30 may_write b || fail "b does not write: $(fleet b ls 2>&1)"
  digest=$(push_small c clock/app:1 'the last word')
  expect_tag 30 clock/app:1 "$digest" a b c
  expect_agreement 30 a b c
}

# What it found first stays, and a machine that was busy at that moment makes it some seconds more or less.
says_its_clock_is_wrong() { [[ $(fleet "$1" ls 2>&1) =~ clock\ is\ (359|360)[0-9]\ s ]]; }

# put_anything: the status; what was said is in `answer`.
put_anything() {
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}' >probe.json
  http -o answer -w '%{http_code}' -X PUT -H 'Content-Type: application/vnd.oci.image.index.v1+json' \
    --data-binary @probe.json "http://$registry/v2/clock/probe/manifests/1"
}
