# What is asked when every client is done: does the registry forget nothing, stop in order, and hold on its
# disk what it says? These run whatever --only says, in this order, because the last one needs it stopped.
# shellcheck shell=bash

run_last_tests() {
  local name
  for name in registry-forgets-nothing-over-a-restart registry-stops-when-asked blobs-on-disk-hash-to-their-names; do
    run_test "$name"
  done
}

need_own_registry() { [[ -z ${REGISTRY_URL:-} ]] || skip "the registry is not ours to stop"; }

# every_image: one line for each tag there is, with its digest.
every_image() {
  local repository tag
  for repository in $(http -f "http://$registry/v2/_catalog?n=1000" | jq -r '.repositories[]'); do
    for tag in $(http -f "http://$registry/v2/$repository/tags/list" | jq -r '.tags[]?'); do
      echo "$repository:$tag $(digest_of "$repository" "$tag")"
    done
  done
}

# One image of its own, so that there is something to remember even when --only ran nothing that pushes.
push_one_image() {
  printf '{}' >config
  put_blob last/app config >/dev/null
  jq -nc --argjson config "$(descriptor config application/vnd.oci.image.config.v1+json)" \
    '{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", config: $config, layers: []}' >manifest.json
  expect_equal 201 "$(put_manifest last/app 1 manifest.json application/vnd.oci.image.manifest.v1+json)" "status of a manifest's PUT"
}

function test_registry_forgets_nothing_over_a_restart {
  push_one_image
  need_own_registry
  every_image >before
  stop registry
  serve
  every_image >after
  diff before after
}

function test_registry_stops_when_asked {
  need_own_registry
  local idle
  # A client that holds an idle connection open must not hold the registry.
  exec {idle}<>"/dev/tcp/${registry%:*}/${registry##*:}"
  stop registry 20 || fail "it had to be killed"
  exec {idle}>&-
  expect_equal 0 "$(<"$work/pids/registry.status")" "exit status"
}

function test_blobs_on_disk_hash_to_their_names {
  [[ -n $data ]] || skip "the data folder is not known"
  /usr/bin/python3 "$here/library/blobs_on_disk.py" "$data"
}
