# The docker client and a dockerd 20.10.
# shellcheck shell=bash

# One image for all docker tests, built once: four layers and an empty one for the label.
docker_image() {
  need_docker
  docker image inspect built-here >/dev/null 2>&1 || limited docker build --quiet --tag built-here "$work/images/context"
}

# expect_docker_files IMAGE: its files are the ones that went in. `create` and `cp` need no running container.
expect_docker_files() {
  local container file
  container=$(docker create "$1")
  for file in large middle small; do
    docker cp "$container:/data/$file" "copied-$file"
    cmp "copied-$file" "$work/images/context/$file" || fail "$file came back different"
  done
  docker rm "$container"
}

# Pulls are real only when nothing of the image is left on this side.
docker_forget() {
  docker rmi --force "$@"
  docker image prune --force --all
}

test_docker_push_then_pull_by_tag_and_by_digest() {
  docker_image
  local name=$registry/docker/app pushed id digest
  docker tag built-here "$name:1.0"
  pushed=$(limited docker push "$name:1.0")
  expect_equal 4 "$(grep -c ': Pushed$' <<<"$pushed")" "number of pushed layers"
  digest=$(digest_of docker/app 1.0)
  expect_contains "$pushed" "1.0: digest: $digest size: "
  expect_whole_image docker/app 1.0
  id=$(docker image inspect --format '{{.Id}}' built-here)

  docker_forget "$name:1.0" built-here
  limited docker pull "$name:1.0"
  expect_equal "$id" "$(docker image inspect --format '{{.Id}}' "$name:1.0")" "image pulled by tag"
  expect_equal "$name@$digest" "$(docker image inspect --format '{{index .RepoDigests 0}}' "$name:1.0")" "digest"
  expect_docker_files "$name:1.0"

  docker_forget "$name:1.0"
  limited docker pull "$name@$digest"
  expect_equal "$id" "$(docker image inspect --format '{{.Id}}' "$name@$digest")" "image pulled by digest"
  expect_docker_files "$name@$digest"
  docker tag "$name@$digest" built-here
}

test_docker_second_push_sends_no_layer_again() {
  docker_image
  local name=$registry/docker/twice again more
  docker tag built-here "$name:a"
  limited docker push "$name:a"
  docker tag built-here "$name:b"
  again=$(limited docker push "$name:b")
  expect_equal 4 "$(grep -c ': Layer already exists$' <<<"$again")" "number of layers known"
  expect_equal "$(digest_of docker/twice a)" "$(digest_of docker/twice b)" "digests of two tags"

  mkdir more
  head -c 100000 /dev/urandom >more/added
  printf 'FROM built-here\nCOPY added /data/added\n' >more/Dockerfile
  limited docker build --quiet --tag "$name:c" more
  more=$(limited docker push "$name:c")
  expect_equal 4 "$(grep -c ': Layer already exists$' <<<"$more")" "number of layers known to the derived image"
  expect_equal 1 "$(grep -c ': Pushed$' <<<"$more")" "number of layers that are new"
}

test_docker_push_to_another_repository_mounts() {
  docker_image
  local pushed
  docker tag built-here "$registry/docker/from:1"
  limited docker push "$registry/docker/from:1"
  docker tag built-here "$registry/docker/into/deeper:1"
  pushed=$(limited docker push "$registry/docker/into/deeper:1")
  # Which of its repositories the daemon names is its choice; that it asks for a mount and gets it, is not.
  expect_equal 4 "$(grep -c ': Mounted from ' <<<"$pushed")" "number of mounted layers"
  expect_whole_image docker/into/deeper 1
}

test_docker_all_tags() {
  docker_image
  local name=$registry/docker/all tag
  for tag in one two three; do docker tag built-here "$name:$tag"; done
  limited docker push --all-tags "$name"
  expect_equal '["one","three","two"]' "$(http "http://$registry/v2/docker/all/tags/list" | jq -c .tags)" "tags"
  docker_forget "$name:one" "$name:two" "$name:three"
  limited docker pull --all-tags "$name"
  for tag in one two three; do docker image inspect "$name:$tag" >/dev/null; done
  docker tag "$name:one" built-here
}

test_docker_manifest_create_push_and_inspect() {
  docker_image
  local name=$registry/docker/list pushed
  docker tag built-here "$name:amd64"
  limited docker push "$name:amd64"
  printf 'FROM built-here\nLABEL platform=other\n' | limited docker build --quiet --tag "$name:arm64" -
  limited docker push "$name:arm64"
  limited docker manifest create --insecure "$name:both" "$name:amd64" "$name:arm64"
  limited docker manifest annotate --os linux --arch arm64 --variant v8 "$name:both" "$name:arm64"
  pushed=$(limited docker manifest push --insecure "$name:both")
  expect_equal "$(digest_of docker/list both)" "$(tail -n 1 <<<"$pushed")" "digest of the list"
  limited docker manifest inspect --insecure "$name:both" >inspected.json
  expect_equal "$(manifest docker/list both | jq -cS .manifests)" "$(jq -cS .manifests inspected.json)" "list"
  expect_equal '["amd64","arm64"]' "$(jq -c '[.manifests[].platform.architecture]' inspected.json)" "platforms"
  limited docker manifest inspect --insecure --verbose "$name:amd64" >verbose.json
  expect_equal "$(digest_of docker/list amd64)" "$(jq -r .Descriptor.digest verbose.json)" "digest of one platform"
}

test_docker_pulls_each_platform_of_an_oci_index() {
  need_docker
  need skopeo
  local name=$registry/docker/platforms platform
  limited skopeo copy --all --preserve-digests --dest-tls-verify=false "oci:$work/images/oci/app:multi" "docker://$name:1"
  expect_equal "$(layout_digest multi)" "$(digest_of docker/platforms 1)" "digest of the index"
  for platform in linux/amd64 linux/arm64/v8 linux/arm/v7; do
    docker_forget "$name:1" || true
    limited docker pull --platform "$platform" "$name:1"
    expect_equal "${platform:6:3}" "$(docker image inspect --format '{{.Architecture}}' "$name:1" | cut -c1-3)" "platform"
  done
}

test_docker_pulls_a_manifest_list() {
  need_docker
  need skopeo
  local name=$registry/docker/manifest-list
  limited skopeo copy --all --preserve-digests --dest-tls-verify=false "dir:$work/images/dir/list" "docker://$name:1"
  expect_equal "$(file_digest "$work/images/dir/list/manifest.json")" "$(digest_of docker/manifest-list 1)" "digest of the list"
  limited docker pull --platform linux/arm64 "$name:1"
  expect_equal arm64 "$(docker image inspect --format '{{.Architecture}}' "$name:1")" "platform"
}

test_docker_two_pushes_at_once_share_layers() {
  need_docker
  local number pid pids=() name=$registry/docker/race
  mkdir context
  head -c 3000000 /dev/urandom >context/shared
  for number in 1 2 3; do
    echo "$number" >"context/own"
    printf 'FROM scratch\nCOPY shared /shared\nCOPY own /own\n' >context/Dockerfile
    limited docker build --quiet --tag "$name-$number:1" context
  done
  for number in 1 2 3; do
    limited docker push "$name-$number:1" &
    pids+=("$!")
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
  for number in 1 2 3; do expect_whole_image "docker/race-$number" 1; done
}

test_docker_pushes_a_large_layer() {
  need_docker
  local name=$registry/docker/large id
  mkdir context
  head -c $((150 << 20)) /dev/urandom >context/file
  printf 'FROM scratch\nCOPY file /file\nCMD ["none"]\n' >context/Dockerfile
  limited docker build --quiet --tag "$name:1" context
  id=$(docker image inspect --format '{{.Id}}' "$name:1")
  limited docker push "$name:1"
  docker_forget "$name:1"
  limited docker pull "$name:1"
  expect_equal "$id" "$(docker image inspect --format '{{.Id}}' "$name:1")" "image"
  docker_forget "$name:1"
}

test_docker_pull_of_what_is_not_there_says_so() {
  need_docker
  expect_refusal limited docker pull "$registry/docker/nothing:1" 2>refused
  expect_contains "$(<refused)" "not found"
}
