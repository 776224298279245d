# podman 4.3 and buildah 1.28. `--tls-verify=false` is all that plain HTTP asks of them.
# shellcheck shell=bash

need_root_for() { ((EUID == 0)) || skip "$1 is run as root here"; }

# Takes the image `one` in and prints its id. podman names an image after its path, so that is a short one.
podman_image() {
  cp -r "$work/images/oci/app" app
  limited podman pull --quiet oci:app:one
}

test_podman_push_and_pull() {
  need podman
  need_root_for podman
  local name=$registry/podman/app id
  id=$(podman_image)
  limited podman push --tls-verify=false --digestfile digest "$id" "$name:1"
  expect_equal "$(digest_of podman/app 1)" "$(<digest)" "digest pushed"
  expect_whole_image podman/app 1
  podman rmi --force "$id"
  expect_equal "$id" "$(limited podman pull --quiet --tls-verify=false "$name:1")" "image pulled by tag"
  expect_podman_file "$name:1"
  podman rmi --force "$id"
  expect_equal "$id" "$(limited podman pull --quiet --tls-verify=false "$name@$(<digest)")" "image pulled by digest"
  podman rmi --force "$id"
}

expect_podman_file() {
  local root
  root=$(podman image mount "$1")
  expect_equal "a shoal is many fish that move as one" "$(cat "$root/data/small")" "a file of the image"
  podman image unmount "$1"
}

test_podman_push_in_both_formats() {
  need podman
  need_root_for podman
  local name=$registry/podman/formats id
  id=$(podman_image)
  limited podman push --tls-verify=false --format v2s2 "$id" "$name:docker"
  limited podman push --tls-verify=false --format oci "$id" "$name:oci"
  expect_equal application/vnd.docker.distribution.manifest.v2+json "$(manifest podman/formats docker | jq -r .mediaType)" "type"
  expect_equal application/vnd.oci.image.manifest.v1+json \
    "$(header_of Content-Type -I "${accept_all[@]}" "http://$registry/v2/podman/formats/manifests/oci")" "type"
  podman rmi --force "$id"
  limited podman pull --quiet --tls-verify=false "$name:docker"
  limited podman pull --quiet --tls-verify=false "$name:oci"
  podman rmi --force "$id"
}

test_podman_search() {
  need podman
  need_root_for podman
  local id
  id=$(podman_image)
  limited podman push --tls-verify=false "$id" "$registry/podman/searched-for:1"
  limited podman push --tls-verify=false "$id" "$registry/podman/searched-for:2"
  limited podman search --tls-verify=false "$registry/searched" >found
  expect_contains "$(<found)" "$registry/podman/searched-for"
  limited podman search --tls-verify=false --list-tags "$registry/podman/searched-for" >tags
  expect_equal '1 2' "$(awk 'NR > 1 { print $2 }' tags | sort | xargs)" "tags"
  podman rmi --force "$id"
}

test_podman_manifest_push_all() {
  need podman skopeo
  need_root_for podman
  local name=$registry/podman/manifest
  limited podman manifest create many
  limited podman manifest add --all many "oci:$work/images/oci/app:multi"
  limited podman manifest push --all --tls-verify=false many "docker://$name:many"
  expect_equal 3 "$(manifest podman/manifest many | jq '.manifests | length')" "number of platforms"
  expect_whole_image podman/manifest many
  podman manifest rm many
  limited podman pull --quiet --tls-verify=false --arch arm64 "$name:many" >id
  expect_equal arm64 "$(podman image inspect --format '{{.Architecture}}' "$(<id)")" "platform"
  podman rmi --force "$(<id)"
}

test_buildah_build_push_and_pull() {
  need buildah
  need_root_for buildah
  local name=$registry/buildah/app id
  limited buildah bud --quiet --layers --format oci --tag "$name:1" "$work/images/context"
  id=$(buildah images --no-trunc --format '{{.ID}}' "$name:1" | head -n 1)
  limited buildah push --tls-verify=false --digestfile digest "$name:1"
  expect_equal "$(digest_of buildah/app 1)" "$(<digest)" "digest pushed"
  expect_whole_image buildah/app 1
  buildah rmi --all --force
  limited buildah pull --tls-verify=false "$name:1"
  expect_equal "$id" "$(buildah images --no-trunc --format '{{.ID}}' "$name:1" | head -n 1)" "image"
  # From a scratch container by hand, as scripts do.
  local container
  container=$(limited buildah from --tls-verify=false "$name:1")
  buildah copy "$container" "$work/images/context/small" /again
  limited buildah commit --tls-verify=false --rm "$container" "docker://$name:2"
  expect_whole_image buildah/app 2
  buildah rmi --all --force
}
