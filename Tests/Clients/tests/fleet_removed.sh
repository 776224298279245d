# A member that an issuer has put out: it keeps its key, its certificate and what it holds, and is a stranger.
# shellcheck shell=bash

test_fleet_removed_member_is_a_stranger() {
  new_fleet a b c
  local digest layer unknown
  digest=$(push_small a "$stranger_repository:1" 'nobody else may know')
  expect_tag 30 "$stranger_repository:1" "$digest" b c
  layer=$(on a manifest "$stranger_repository" 1 | jq -r '.layers[0].digest')
  unknown=sha256:$(printf 'not here' | sha256sum | cut -d ' ' -f 1)
  mkdir removed
  cp c/node.key removed/key
  cp c/fleet/node.crt removed/certificate
  expect_contains "$(answer_to removed "https://$(address a):$fleet_port/fleet/v1/blob/$layer/$stranger_repository")" 'nobody else may know'

  fleet a remove c
  # Within seconds nobody tells it anything: not the one who put it out, and not who heard of that.
  expect_nothing removed "$layer" "$unknown"
  wait_until 30 refuses_removed b "$layer" || fail "b still speaks with c"
  # What it says from now on is not heard, and it says so itself.
  wait_until 30 says_it_was_removed c || fail "c does not say so: $(fleet c ls 2>&1)"
  expect_equal 503 "$(on c put_anything)" 'status of a push to the removed node'
  wait_until 30 has_put_out b c || fail "b lists c"
  push_small b "$stranger_repository:2" 'not for c' >/dev/null
  sleep 3
  expect_equal 404 "$(on c manifest_status "$stranger_repository" 2)" 'status of what was pushed after it left'
}

refuses_removed() {
  [[ $(answer_to removed "https://$(address "$1"):$fleet_port/fleet/v1/blob/$2/$stranger_repository") != *'nobody else may know'* ]]
}

says_it_was_removed() { [[ $(fleet "$1" ls 2>&1) == *removed* ]]; }
