# Nodes that die, cables that are cut, disks that were restored: what a fleet must live through.
# shellcheck shell=bash

test_fleet_what_was_pulled_outlives_its_writer() {
  new_fleet a b c
  local image=team/app digest later
  head -c 3000001 /dev/urandom | base64 -w 0 >layer
  digest=$(push_small a $image:1 "$(<layer)")
  expect_tag 30 $image:1 "$digest" b c
  on b expect_whole_image $image 1
  kill_node a
  on b expect_whole_image $image 1
  # c never asked a.
  on c expect_whole_image $image 1
  later=$(push_small c $image:2 'without the writer')
  expect_tag 30 $image:2 "$later" b
  delete b $image "$digest"
  expect_no_manifest 30 $image 1 c

  # Back at another address, with a log that ends where it died.
  PLACE=h start_node a
  expect_tag 30 $image:2 "$later" a
  expect_no_manifest 30 $image 1 a b c
  on a expect_whole_image $image 2
  push_small a $image:3 'from its new address' >/dev/null
  expect_agreement 30 a b c
}

test_fleet_goes_on_without_its_issuer() {
  new_fleet a b c
  local digest
  kill_node a
  digest=$(push_small b team/app:1 'nobody is in charge')
  expect_tag 30 team/app:1 "$digest" c
  on c expect_whole_image team/app 1
  # Nobody is let in meanwhile, and says why.
  expect_refusal fleet b invite 2>refused
  expect_contains "$(<refused)" "invite on a"
  start_node a
  expect_tag 30 team/app:1 "$digest" a
  start_node d
  let_in a d
  expect_tag 30 team/app:1 "$digest" d
}

# A cable is cut for PARTITION_SECONDS; both halves push, repoint and delete.
test_fleet_halves_agree_after_a_cut() {
  local seconds=${PARTITION_SECONDS:-10} names=("${fleet_names[@]:0:${FLEET_NODES:-4}}") name
  new_fleet "${names[@]}"
  local old gone_east gone_west both east west last
  old=$(push_small a cut/repointed:1 'before the cut')
  gone_east=$(push_small a cut/gone-east:1 'deleted in the east')
  gone_west=$(push_small b cut/gone-west:1 'deleted in the west')
  both=$(push_small b cut/kept:1 'never touched')
  for name in "${names[@]}"; do
    expect_tag 30 cut/repointed:1 "$old" "$name"
    expect_tag 30 cut/gone-east:1 "$gone_east" "$name"
    expect_tag 30 cut/gone-west:1 "$gone_west" "$name"
  done
  local watchers=()
  touch watching
  for name in "${names[@]}"; do
    watch_tags "$name" &
    watchers+=("$!")
  done

  cut_halves
  sleep "$((seconds / 2))"
  push_small a cut/new-east:1 'pushed in the east' >/dev/null
  push_small b cut/new-west:1 'pushed in the west' >/dev/null
  east=$(push_small a cut/repointed:1 'the word of the east')
  west=$(push_small b cut/repointed:1 'the word of the west')
  delete a cut/gone-east "$gone_east"
  delete b cut/gone-west "$gone_west"
  last=$(push_small a cut/repointed:1 'the last word of the east')
  sleep "$((seconds - seconds / 2))"
  expect_tag 30 cut/repointed:1 "$west" b
  has_tag b cut/new-east:1 "$(tag_digest a cut/new-east:1)" && fail "the cut does not cut"

  join_halves
  expect_agreement 30 "${names[@]}"
  for name in "${names[@]}"; do
    expect_tag 0 cut/repointed:1 "$last" "$name"
    expect_tag 0 cut/kept:1 "$both" "$name"
    expect_no_manifest 0 cut/gone-east "$gone_east" "$name"
    expect_no_manifest 0 cut/gone-west "$gone_west" "$name"
  done
  # The bytes cross too.
  on a expect_whole_image cut/new-west 1
  on b expect_whole_image cut/new-east 1
  # Whatever the rounds of the next seconds bring, it changes nothing.
  sleep 3
  rm watching
  wait "${watchers[@]}"
  for name in "${names[@]}"; do
    expect_order "$name" repointed "$old" "$east" "$west" "$last"
    expect_order "$name" gone-east "$gone_east" gone
    expect_order "$name" gone-west "$gone_west" gone
  done
}

# watch_tags NAME: what the node said of each tag, one after the other, into files, while the file `watching` is there.
watch_tags() {
  set +x
  local tag said
  while [[ -e watching ]]; do
    for tag in repointed gone-east gone-west; do
      said=$(tag_digest "$1" "cut/$tag:1")
      echo "${said:-gone}" >>"seen-$1-$tag"
    done
    # So that the nodes, and not those who watch them, have the processors.
    sleep 0.05
  done
}

# expect_order NAME TAG DIGEST…: the node said these, in this order, and perhaps not all of them; and no other.
expect_order() {
  local place=0 said rank
  while read -r said; do
    for ((rank = 1; rank <= $# - 2; rank++)); do [[ ${*:rank+2:1} != "$said" ]] || break; done
    ((rank <= $# - 2)) || fail "$1 said $said of $2"
    ((rank >= place)) || fail "$1 stepped back to $said of $2: $(uniq "seen-$1-$2" | xargs)"
    place=$rank
  done < <(uniq "seen-$1-$2")
}

# The disk of a day ago, restored: the node has forgotten what it wrote since, and the others have not.
test_fleet_a_restored_disk_forks_nothing() {
  new_fleet a b c
  local first second third
  first=$(push_small a disk/app:1 'before the copy')
  stop_node a
  cp -a a a.old
  start_node a
  wait_until 30 may_write a || fail "a does not write"
  second=$(push_small a disk/app:2 'after the copy')
  third=$(push_small a disk/app:1 'repointed after the copy')
  expect_tag 30 disk/app:2 "$second" b c
  expect_tag 30 disk/app:1 "$third" b c
  kill_node a
  rm -r a
  mv a.old a
  start_node a
  expect_tag 30 disk/app:2 "$second" a
  expect_tag 30 disk/app:1 "$third" a
  wait_until 30 grep -q "its disk is an old one" "$(log_of a)" || fail "a does not say so: $(tail -n 5 "$(log_of a)")"
  wait_until 30 may_write a || fail "a does not write"
  # Nobody believes that it used a number twice, and what it writes now counts.
  push_small a disk/app:3 'after the restoration' >/dev/null
  delete a disk/app "$second"
  expect_agreement 30 a b c
  expect_no_manifest 0 disk/app 2 a b c
  expect_tag 0 disk/app:1 "$third" a b c
  [[ $(cat "$work"/logs/fleet-node-*) != *"used a number twice"* ]] || fail "a fork was seen"
  : "$first"
}

may_write() { on "$1" write_probe; }
write_probe() {
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}' >probe.json
  [[ $(put_manifest disk/probe 1 probe.json application/vnd.oci.image.index.v1+json) == 201 ]]
}

# A copy of a data folder is the same node twice. Both take pushes, and none is lost; but they are told apart from a disk
# that was restored, and both say what to do.
test_fleet_twins_are_noticed_and_lose_nothing() {
  new_fleet a b c
  stop_node a
  cp -a a twin
  start_node a
  PLACE=d start_node twin
  wait_until 30 may_write a || fail "a does not write"
  wait_until 30 may_write twin || fail "the twin does not write"
  local round digest taken=0
  for round in 1 2 3 4 5 6 7 8; do
    if twins_are_noticed && ((round > 2 && taken > 2)); then break; fi
    # One may be asking the members just now, and refuse.
    if try_push a "a-$round"; then taken=$((taken + 1)); fi
    if try_push twin "twin-$round"; then taken=$((taken + 1)); fi
    # An exchange, by which each hears what the other wrote as itself.
    wait_until 3 twins_are_noticed || true
  done
  wait_until 30 twins_are_noticed || fail "neither says that it runs twice: $(fleet a ls)"
  ((taken > 2)) || fail "only $taken pushes were taken"
  # The others have heard what the twin took before it ends.
  wait_until 30 has_all_of_twins b "$taken" || true
  kill_node twin
  wait_until 30 has_all_of_twins b "$taken" || fail "of $taken pushes b knows: $(names_of b)"
  expect_agreement 30 a b c
  expect_equal "$taken" "$(names_of b | grep -c '^twins/')" "number of tags"
  # The survivor is found again where it is, under its name, without a restart: what it alone holds is fetched from there.
  wait_until 30 is_listed_at a "$(address a):$fleet_port" || fail "b lists $(fleet b ls --json)"
  head -c 3000001 /dev/urandom | base64 -w 0 >layer
  digest=$(push_small a alone/app:1 "$(<layer)")
  expect_tag 30 alone/app:1 "$digest" b
  on b expect_whole_image alone/app 1
}

# is_listed_at NAME ADDRESS: as b sees it.
is_listed_at() {
  [[ -n $(fleet b ls --json | jq --arg name "$1" --arg address "$2" \
    '.members[] | select(.name == $name and (.addresses | index($address)))') ]]
}

twins_are_noticed() { grep -q 'a copy of its data folder runs elsewhere' "$(log_of a)" "$(log_of twin)"; }
has_all_of_twins() { (($(names_of "$1" | grep -c '^twins/') == $2)); }
try_push() { (push_small "$1" "twins/app:$2" "by $1 as $2") >/dev/null 2>&1; }
