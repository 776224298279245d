# What clients turned out to need that no specification spells out, each as one plain request.
# shellcheck shell=bash

# `docker manifest` refuses a registry without it.
test_needs_version_header_on_the_root() {
  expect_equal registry/2.0 "$(header_of Docker-Distribution-API-Version "http://$registry/v2/")" "version"
}

# `docker manifest` and other clients in Go try TLS first, and fall back to plain HTTP only when what comes back
# for their hello begins like HTTP. A server that just closes, or resets before it is heard, is given up.
test_needs_http_answer_to_a_tls_hello() {
  local socket
  exec {socket}<>"/dev/tcp/${registry%:*}/${registry##*:}"
  # The 10 is the number of an extension that every hello has, and the only thing in it like a line's end.
  { printf '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' && head -c 252 /dev/zero && printf '\x0a' && head -c 253 /dev/zero; } >&"$socket"
  expect_equal HTTP/ "$(timeout 60 head -c 5 <&"$socket" | tr -d '\0')" "first bytes of the answer"
  exec {socket}>&-
}

test_needs_manifests_without_an_accept_header() {
  need skopeo
  local kind
  limited skopeo copy --all --preserve-digests --dest-tls-verify=false "oci:$work/images/oci/app:multi" "docker://$registry/needs/accept:oci"
  limited skopeo copy --all --preserve-digests --dest-tls-verify=false "dir:$work/images/dir/list" "docker://$registry/needs/accept:list"
  for kind in oci list; do
    expect_equal "$(digest_of needs/accept $kind)" "$(http -H 'Accept:' "http://$registry/v2/needs/accept/manifests/$kind" | file_digest -)" "bytes"
  done
}

# Some clients drop the query of Location and put their own in its place.
test_needs_upload_state_in_the_path() {
  local location digest
  printf 'without the query' >content
  digest=$(file_digest content)
  location=$(header_of Location -X POST "http://$registry/v2/needs/upload/blobs/uploads/")
  [[ $location == http* ]] || location=http://$registry$location
  location=${location%%\?*}
  expect_equal 202 "$(status_of -X PATCH -H 'Content-Type: application/octet-stream' --data-binary @content "$location")" "PATCH"
  expect_equal 201 "$(status_of -X PUT "$location?digest=$digest")" "PUT"
}

test_needs_ns_parameter_ignored() {
  need skopeo
  limited skopeo copy --preserve-digests --dest-tls-verify=false "oci:$work/images/oci/app:one" "docker://$registry/needs/ns:1"
  local layer
  layer=$(manifest needs/ns 1 | jq -r '.layers[0].digest')
  expect_equal 200 "$(status_of "${accept_all[@]}" "http://$registry/v2/needs/ns/manifests/1?ns=docker.io")" "manifest"
  expect_equal 200 "$(status_of "http://$registry/v2/needs/ns/blobs/$layer?ns=docker.io")" "blob"
  expect_equal 200 "$(status_of "http://$registry/v2/needs/ns/tags/list?ns=..%2f..")" "tags"
}

test_needs_catalog_in_pages() {
  local repository seen='' next="/v2/_catalog?n=1" rounds=0 page
  printf 'x' >content
  printf '{}' >config
  for repository in needs/catalog-a needs/catalog-b; do
    put_blob "$repository" config >/dev/null
    jq -nc --argjson config "$(descriptor config application/vnd.oci.image.config.v1+json)" \
      '{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", config: $config, layers: []}' >manifest.json
    expect_equal 201 "$(put_manifest "$repository" 1 manifest.json application/vnd.oci.image.manifest.v1+json)" "PUT"
  done
  # The pages, followed by Link as clients do, make up the whole list, in order.
  while [[ -n $next && $rounds -lt 200 ]]; do
    page=$(http -f "http://$registry$next")
    expect_equal true "$(jq '.repositories | length <= 1' <<<"$page")" "at most one name a page"
    seen+=$(jq -r '.repositories[]' <<<"$page")$'\n'
    next=$(header_of Link "http://$registry$next" | sed -n 's/^<\(https\?:\/\/[^/]*\)\?\(.*\)>; *rel="\?next"\?.*/\2/p')
    rounds=$((rounds + 1))
  done
  expect_contains "$seen" needs/catalog-a
  expect_contains "$seen" needs/catalog-b
  expect_equal "$(sed '/^$/d' <<<"$seen" | LC_ALL=C sort -u)" "$(sed '/^$/d' <<<"$seen")" "order of the catalogue"
}

test_needs_tags_sorted_and_paged() {
  need skopeo
  local url=http://$registry/v2/needs/tags/tags/list tag
  for tag in c a B b2 b10; do
    limited skopeo copy --preserve-digests --dest-tls-verify=false "oci:$work/images/oci/app:one" "docker://$registry/needs/tags:$tag"
  done
  http -f "$url" | jq -r '.tags[]' >all
  expect_equal 5 "$(wc -l <all)" "number of tags"
  # The specification says lexical and leaves capitals open; both readings are one of these.
  cmp -s all <(LC_ALL=C sort all) || cmp -s all <(LC_ALL=C sort -f all) || fail "not sorted: $(xargs <all)"
  expect_equal '[]' "$(http -f "$url?n=0" | jq -c .tags)" "n=0"
  expect_equal "$(head -n 2 all | jq -Rnc '[inputs]')" "$(http -f "$url?n=2" | jq -c .tags)" "n=2"
  expect_contains "$(header_of Link "$url?n=2")" 'rel="next"'
  expect_equal "$(tail -n +3 all | jq -Rnc '[inputs]')" "$(http -f "$url?last=$(sed -n 2p all)" | jq -c .tags)" "last"
  expect_equal '' "$(header_of Link "$url?n=2&last=$(sed -n 3p all)")" "Link on the last page"
}

test_needs_malformed_referrers_digest_refused() {
  expect_equal 400 "$(status_of "http://$registry/v2/needs/referrers/referrers/sha256:zz")" "status"
}

test_needs_ranges() {
  local digest url
  head -c 10000 /dev/urandom >content
  digest=$(put_blob needs/ranges content)
  url=http://$registry/v2/needs/ranges/blobs/$digest
  expect_range "$url" 0-9 'bytes 0-9/10000' "$(head -c 10 content | file_digest -)"
  expect_range "$url" 9990-20000 'bytes 9990-9999/10000' "$(tail -c 10 content | file_digest -)"
  expect_range "$url" 5000- 'bytes 5000-9999/10000' "$(tail -c 5000 content | file_digest -)"
  expect_range "$url" -7 'bytes 9993-9999/10000' "$(tail -c 7 content | file_digest -)"
  local range
  for range in -0 10000- 20000-30000; do
    expect_equal 416 "$(status_of -H "Range: bytes=$range" "$url")" "status of bytes=$range"
  done
}

# expect_range URL RANGE CONTENT-RANGE DIGEST
expect_range() {
  expect_equal 206 "$(http -o part -D headers -w '%{http_code}' -H "Range: bytes=$2" "$1")" "status of bytes=$2"
  expect_contains "$(tr -d '\r' <headers)" "Content-Range: $3"
  expect_contains "$(tr -d '\r' <headers)" "Content-Length: $(stat -c %s part)"
  expect_equal "$4" "$(file_digest part)" "bytes=$2"
}
