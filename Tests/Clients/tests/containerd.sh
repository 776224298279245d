# containerd 1.6 through ctr.
# shellcheck shell=bash

# Each test has a namespace of its own, so that no content is shared and every pull is a real one.
own_ctr() { limited ctr --address "$containerd_socket" --namespace "$(basename "$PWD")" "$@"; }

# Takes away the images and then what they held.
ctr_forget() {
  own_ctr images rm --sync "$@"
  expect_equal '' "$(own_ctr content ls --quiet)" "content left behind"
}

# ctr_import NAME: the tags of the OCI layout as NAME:one, NAME:two and NAME:multi, for all platforms.
ctr_import() {
  tar -C "$work/images/oci/app" -cf app.tar .
  own_ctr images import --all-platforms --no-unpack --base-name "$1" app.tar
}

test_containerd_push_and_pull() {
  need_containerd
  local name=$registry/containerd/app
  ctr_import "$name"
  own_ctr images push --plain-http "$name:one"
  expect_equal "$(layout_digest one)" "$(digest_of containerd/app one)" "digest pushed"
  expect_whole_image containerd/app one
  ctr_forget "$name:one" "$name:two" "$name:multi"
  own_ctr images pull --plain-http "$name:one"
  expect_contains "$(own_ctr images check)" "$name:one"
  expect_contains "$(own_ctr images check)" "complete (6/6)"
  expect_equal "$(layout_digest one)" "$(own_ctr images ls "name==$name:one" | awk 'NR == 2 { print $3 }')" "digest pulled"
  expect_unpacked "$name:one"
}

# The unpacked root holds what the layers said.
expect_unpacked() {
  mkdir -p root
  own_ctr images mount "$1" "$PWD/root"
  expect_equal "a shoal is many fish that move as one" "$(cat root/data/small)" "a file of the image"
  cmp root/bin/busybox /bin/busybox
  own_ctr images unmount "$PWD/root"
}

test_containerd_pull_by_digest() {
  need_containerd
  local name=$registry/containerd/digest digest
  digest=$(layout_digest two)
  ctr_import "$name"
  own_ctr images push --plain-http "$name:two"
  ctr_forget "$name:one" "$name:two" "$name:multi"
  own_ctr images pull --plain-http "$name@$digest"
  expect_contains "$(own_ctr images ls --quiet)" "$name@$digest"
}

test_containerd_all_platforms_of_an_index() {
  need_containerd
  local name=$registry/containerd/multi
  ctr_import "$name"
  own_ctr images push --plain-http "$name:multi"
  expect_equal "$(layout_digest multi)" "$(digest_of containerd/multi multi)" "digest of the index"
  expect_whole_image containerd/multi multi
  ctr_forget "$name:one" "$name:two" "$name:multi"
  own_ctr images pull --plain-http --all-platforms "$name:multi"
  # An index, three manifests, three configs, three shared layers and one more for each platform.
  expect_equal 13 "$(own_ctr content ls --quiet | wc -l)" "number of blobs pulled"
}

# A mirror in containerd's hosts.toml is asked with ?ns=, which must not disturb what is asked for.
test_containerd_pull_through_a_mirror_sends_ns() {
  need_containerd
  need skopeo
  mkdir -p hosts/mirrored.example
  cat >hosts/mirrored.example/hosts.toml <<TOML
server = "http://127.0.0.1:1"
[host."http://$registry"]
  capabilities = ["pull", "resolve"]
TOML
  limited skopeo copy --all --preserve-digests --dest-tls-verify=false "oci:$work/images/oci/app:multi" "docker://$registry/team/app:multi"
  own_ctr images pull --hosts-dir "$PWD/hosts" mirrored.example/team/app:multi
  expect_contains "$(own_ctr images check)" "complete"
}

test_containerd_pull_of_what_is_not_there_says_so() {
  need_containerd
  expect_refusal own_ctr images pull --plain-http "$registry/containerd/nothing:1" 2>refused
  expect_contains "$(<refused)" "not found"
}
