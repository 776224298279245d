# Two sites and a narrow cable: an image crosses it once for all who pull it, and whoever brings it may die.
# shellcheck shell=bash

site_mebibytes=8

# a stands in the east and has it; the others in the west.
test_swarm_sites_cross_the_cable_once() {
  new_sites a b d f
  local name before
  push_layer a team/site:1 "$site_mebibytes"
  expect_known team/site:1 b d f
  forget_pauses
  before=$(crossed)
  for name in b d; do begin_pull "$name" "$name" team/site; done
  finish_pulls b d
  # It is near by now, whoever fetched it.
  begin_pull f f team/site
  finish_pulls f
  expect_crossed "$before" 130
  kill_node a
  begin_pull again f team/site
  finish_pulls again
}

# Killed in the middle, while two others wait for what it brings: they go on, and nobody's pull fails.
test_swarm_sites_outlive_who_fetches_for_them() {
  new_sites a b d f
  local name before fetcher others=()
  push_layer a team/site:1 "$site_mebibytes"
  expect_known team/site:1 b d f
  fetcher=$(elected a b d f)
  for name in b d f; do [[ $name == "$fetcher" ]] || others+=("$name"); done
  forget_pauses
  before=$(crossed)
  for name in "${others[@]}"; do begin_pull "$name" "$name" team/site; done
  wait_for_half "${others[0]}"
  expect_crossed "$before" 130
  kill_node "$fetcher"
  finish_pulls "${others[@]}"
  expect_crossed "$before" 250
}
