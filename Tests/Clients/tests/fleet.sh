# A fleet, end to end: real nodes, each in a network namespace; real clients; nodes that die and cables that are cut.
# shellcheck shell=bash

test_fleet_docker_clients_push_here_and_pull_there() {
  new_fleet a b c
  need_fleet_docker
  need skopeo
  local image=team/app digest id name
  fleet_docker build --quiet --tag "$(address_of a)/$image:1" "$work/images/context"
  id=$(fleet_docker image inspect --format '{{.Id}}' "$(address_of a)/$image:1")
  fleet_docker push "$(address_of a)/$image:1"
  digest=$(on a digest_of $image 1)
  expect_tag 30 $image:1 "$digest" b c

  for name in "$(address_of b)/$image:1" "$(address_of c)/$image@$digest"; do
    fleet_docker image prune --all --force
    fleet_docker rmi --force "$id" || true
    fleet_docker pull "$name"
    expect_equal "$id" "$(fleet_docker image inspect --format '{{.Id}}' "$name")" "image pulled as $name"
  done
}

# No docker, containerd or skopeo remembers another node's copy: each starts from nothing.
test_fleet_other_clients_pull_there() {
  new_fleet a b c
  need_containerd
  need skopeo
  local image=team/multi digest
  digest=$(layout_digest multi)
  # The platforms are pushed by digest, as buildx does, and then the index that names them.
  from_clients skopeo copy --quiet --all --preserve-digests --dest-tls-verify=false \
    "oci:$work/images/oci/app:multi" "docker://$(address_of a)/$image:1"
  expect_tag 30 $image:1 "$digest" b c
  from_clients ctr --address "$containerd_socket" --namespace fleet-test images pull --plain-http --all-platforms \
    "$(address_of c)/$image:1" >/dev/null
  # An index, three manifests, three configs, three shared layers and one more for each platform.
  expect_equal 13 "$(ctr --address "$containerd_socket" --namespace fleet-test content ls --quiet | wc -l)" "number of blobs pulled"
  from_clients skopeo copy --quiet --all --preserve-digests --src-tls-verify=false \
    "docker://$(address_of b)/$image@$digest" dir:copied
  expect_equal "$digest" "$(file_digest copied/manifest.json)" "digest of the copy"
  on b expect_whole_image $image 1
}

test_fleet_referrers_and_catalogue_are_the_same_everywhere() {
  new_fleet a b c
  local digest signature name url
  digest=$(push_small a team/signed:1 'what is signed')
  on a manifest team/signed 1 >subject.json
  signature=$(on a attach team/signed subject.json application/vnd.oci.image.manifest.v1+json application/vnd.example.signature 'signed')
  for name in b c; do
    url=http://$(address_of "$name")/v2/team/signed/referrers/$digest
    wait_until 30 referrers_are "$name" "$url" "[\"$signature\"]" || fail "$name lists $(on "$name" referrers "$url")"
    expect_equal '["team/signed"]' "$(on "$name" http -f "http://$(address_of "$name")/v2/_catalog" | jq -c .repositories)" "catalogue of $name"
    on "$name" expect_whole_image team/signed "$signature"
  done
  # The signature goes first, by one of those who only heard of it.
  delete c team/signed "$signature"
  url=http://$(address_of a)/v2/team/signed/referrers/$digest
  wait_until 30 referrers_are a "$url" '[]' || fail "a lists $(on a referrers "$url")"
}

referrers() { http -f "$1" | jq -c '[.manifests[].digest]'; }
referrers_are() { [[ $(on "$1" referrers "$2") == "$3" ]]; }

test_fleet_delete_by_digest_is_a_delete_everywhere() {
  new_fleet a b c
  local digest tag
  digest=$(push_small a team/deleted:1 'soon gone')
  expect_tag 30 team/deleted:1 "$digest" b
  # b has heard of its blobs, and of who has them.
  on b manifest team/deleted 1 >manifest.json
  expect_equal 201 "$(on b put_manifest team/deleted 2 manifest.json application/vnd.oci.image.manifest.v1+json)" "status of a second tag"
  for tag in 1 2; do expect_tag 30 "team/deleted:$tag" "$digest" a b c; done
  delete c team/deleted "$digest"
  for tag in 1 2 "$digest"; do expect_no_manifest 30 team/deleted "$tag" a b c; done
  # A later push is a new word.
  push_small b team/deleted:1 'soon gone' >/dev/null
  expect_tag 30 team/deleted:1 "$digest" a b c
}
