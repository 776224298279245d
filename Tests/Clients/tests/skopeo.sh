# skopeo 1.9.
# shellcheck shell=bash

app() { echo "oci:$work/images/oci/app:$1"; }

copy_in() { limited skopeo copy --preserve-digests --dest-tls-verify=false "$@"; }
copy_out() { limited skopeo copy --preserve-digests --src-tls-verify=false "$@"; }
copy_over() { limited skopeo copy --preserve-digests --src-tls-verify=false --dest-tls-verify=false "$@"; }

test_skopeo_copy_all_keeps_every_byte() {
  need skopeo
  copy_in --all "$(app multi)" "docker://$registry/skopeo/multi:1"
  expect_equal "$(layout_digest multi)" "$(digest_of skopeo/multi 1)" "digest of the index"
  expect_whole_image skopeo/multi 1
  copy_out --all "docker://$registry/skopeo/multi:1" oci:back:1
  # The layout that comes back has the same files under the same names, so it is the same image.
  (cd back/blobs/sha256 && ls) >came
  local name
  while read -r name; do cmp "back/blobs/sha256/$name" "$work/images/oci/app/blobs/sha256/$name"; done <came
  expect_equal 13 "$(wc -l <came)" "number of blobs"
}

test_skopeo_copy_of_schema2_and_list_keeps_every_byte() {
  need skopeo
  local kind
  for kind in schema2 list; do
    copy_in --all "dir:$work/images/dir/$kind" "docker://$registry/skopeo/$kind:1"
    expect_equal "$(file_digest "$work/images/dir/$kind/manifest.json")" "$(digest_of "skopeo/$kind" 1)" "digest"
    copy_out --all "docker://$registry/skopeo/$kind:1" "dir:$kind"
    diff -r --exclude=version "$kind" "$work/images/dir/$kind"
  done
}

test_skopeo_copy_converts_and_recompresses() {
  need skopeo
  local to=docker://$registry/skopeo/converted
  limited skopeo copy --dest-tls-verify=false --format v2s2 "$(app one)" "$to:v2s2"
  limited skopeo copy --dest-tls-verify=false --format oci "dir:$work/images/dir/schema2" "$to:oci"
  limited skopeo copy --dest-tls-verify=false --dest-compress-format zstd "$(app two)" "$to:zstd"
  local tag
  for tag in v2s2 oci zstd; do expect_whole_image skopeo/converted "$tag"; done
  copy_out "$to:zstd" dir:zstd
}

test_skopeo_copy_between_repositories_mounts() {
  need skopeo
  local blob
  copy_in "$(app one)" "docker://$registry/skopeo/source:1"
  copy_over "docker://$registry/skopeo/source:1" "docker://$registry/skopeo/target/deep:1"
  expect_equal "$(digest_of skopeo/source 1)" "$(digest_of skopeo/target/deep 1)" "digest"
  expect_whole_image skopeo/target/deep 1
  blob=$(manifest skopeo/source 1 | jq -r '.layers[1].digest')
  # What the client could do without: the mount itself.
  expect_equal 201 "$(status_of -X POST "http://$registry/v2/skopeo/third/blobs/uploads/?mount=$blob&from=skopeo/source")" "status of a mount"
  has_blob skopeo/third "$blob" || fail "a mounted blob is not there"
  blob=sha256:$(printf '%064d' 7)
  expect_equal 202 "$(status_of -X POST "http://$registry/v2/skopeo/third/blobs/uploads/?mount=$blob&from=skopeo/source")" "status of a mount of nothing"
}

test_skopeo_sync_both_ways() {
  need skopeo
  local tag
  for tag in one two; do copy_in "$(app $tag)" "docker://$registry/skopeo/synced:$tag"; done
  copy_in --all "$(app multi)" "docker://$registry/skopeo/synced:multi"
  limited skopeo sync --all --scoped --src docker --dest dir --src-tls-verify=false "$registry/skopeo/synced" out
  expect_equal 3 "$(find out -name manifest.json | wc -l)" "number of images synced out"
  limited skopeo sync --all --src dir --dest docker --dest-tls-verify=false "out/$registry/skopeo" "$registry/skopeo/mirror"
  for tag in one two multi; do
    expect_equal "$(digest_of skopeo/synced $tag)" "$(digest_of skopeo/mirror/synced $tag)" "digest of $tag"
  done
  limited skopeo sync --all --src docker --dest docker --src-tls-verify=false --dest-tls-verify=false \
    "$registry/skopeo/synced" "$registry/skopeo/direct"
  expect_equal "$(digest_of skopeo/synced multi)" "$(digest_of skopeo/direct/synced multi)" "digest of what went straight over"
}

test_skopeo_list_tags() {
  need skopeo
  local tag
  for tag in v10 v2 latest a_b-c.d; do copy_in "$(app one)" "docker://$registry/skopeo/tags:$tag"; done
  limited skopeo list-tags --tls-verify=false "docker://$registry/skopeo/tags" >listed.json
  expect_equal '["a_b-c.d","latest","v10","v2"]' "$(jq -c .Tags listed.json)" "tags"
}

test_skopeo_inspect() {
  need skopeo
  local name=docker://$registry/skopeo/inspected:1
  copy_in "$(app one)" "$name"
  limited skopeo inspect --tls-verify=false "$name" >inspected.json
  expect_equal "$(layout_digest one)" "$(jq -r .Digest inspected.json)" "digest"
  expect_equal 5 "$(jq '.Layers | length' inspected.json)" "number of layers"
  limited skopeo inspect --tls-verify=false --raw "$name" >raw.json
  expect_equal "$(layout_digest one)" "$(file_digest raw.json)" "digest of the raw manifest"
  limited skopeo inspect --tls-verify=false --config --raw "$name" >config.json
  expect_equal "$(jq -r .config.digest raw.json)" "$(file_digest config.json)" "digest of the config"
}

test_skopeo_delete() {
  need skopeo
  local name=docker://$registry/skopeo/deleted
  copy_in "$(app one)" "$name:going"
  copy_in "$(app two)" "$name:staying"
  limited skopeo delete --tls-verify=false "$name:going"
  expect_refusal limited skopeo inspect --tls-verify=false "$name:going"
  expect_equal 404 "$(status_of "http://$registry/v2/skopeo/deleted/manifests/$(layout_digest one)")" "status of what was deleted"
  # The image that shares five of its layers is whole.
  expect_whole_image skopeo/deleted staying
  copy_in "$(app one)" "$name:going"
  expect_equal "$(layout_digest one)" "$(digest_of skopeo/deleted going)" "digest of what came back"
}

# A layer that may not be distributed stays where its `urls` say; the registry takes the manifest all the same.
test_skopeo_fetches_a_foreign_layer_from_its_urls() {
  need skopeo
  local port layer blob kind
  port=$(free_port)
  manifest_of_layout one >plain.json
  layer=$(jq -r '.layers[1].digest' plain.json)
  mkdir elsewhere
  cp "$work/images/oci/app/blobs/sha256/${layer#sha256:}" elsewhere/layer
  spawn elsewhere /usr/bin/python3 -m http.server --bind 127.0.0.1 --directory "$PWD/elsewhere" "$port"
  wait_until 30 curl -fsS -o /dev/null "http://127.0.0.1:$port/layer"
  for blob in $(jq -r '(.config, .layers[0, 2, 3, 4]).digest' plain.json); do
    put_blob skopeo/foreign "$work/images/oci/app/blobs/sha256/${blob#sha256:}"
  done
  for kind in application/vnd.oci.image.layer.nondistributable.v1.tar+gzip application/vnd.docker.image.rootfs.foreign.diff.tar.gzip; do
    jq --arg kind "$kind" --arg url "http://127.0.0.1:$port/layer" '.layers[1] += {mediaType: $kind, urls: [$url]}' plain.json >foreign.json
    expect_equal 201 "$(put_manifest skopeo/foreign "$(file_digest foreign.json)" foreign.json application/vnd.oci.image.manifest.v1+json)" "status of $kind"
    expect_refusal has_blob skopeo/foreign "$layer"
    copy_out "docker://$registry/skopeo/foreign@$(file_digest foreign.json)" dir:fetched
    cmp "fetched/${layer#sha256:}" elsewhere/layer
    rm -r fetched
  done
  stop elsewhere
}

# manifest_of_layout TAG: its bytes.
manifest_of_layout() {
  local digest
  digest=$(layout_digest "$1")
  cat "$work/images/oci/app/blobs/sha256/${digest#sha256:}"
}

# An image that another tool made and changed, layer by layer.
test_skopeo_copy_of_an_image_made_by_umoci() {
  need skopeo umoci
  ((EUID == 0)) || skip "umoci is run as root here"
  local number
  umoci init --layout made
  umoci new --image made:1
  for number in 1 2 3; do
    head -c 50000 /dev/urandom >"file-$number"
    umoci insert --image made:1 "file-$number" "/file-$number"
  done
  copy_in oci:made:1 "docker://$registry/skopeo/umoci:1"
  copy_out "docker://$registry/skopeo/umoci:1" oci:came:1
  umoci unpack --image came:1 unpacked
  for number in 1 2 3; do cmp "file-$number" "unpacked/rootfs/file-$number"; done
}
