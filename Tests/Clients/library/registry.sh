# The registry under test: its life, and the plain HTTP questions that a test asks it beside a client.
# shellcheck shell=bash

free_port() {
  /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Sets $registry (HOST:PORT) and $data (its folder, or nothing when that is not known).
start_registry() {
  if [[ -n ${REGISTRY_URL:-} ]]; then
    registry=$REGISTRY_URL data=${REGISTRY_DATA:-}
    answers || { echo "no registry answers at $registry" >&2; exit 1; }
    return
  fi
  registry=127.0.0.1:$(free_port) data=$work/data
  serve || exit 1
}

serve() {
  spawn registry "$shoal" serve --data "$data" --listen "$registry"
  wait_until 60 answers && return
  echo "the registry does not answer at $registry; its log:" >&2
  tail -n 30 "$work/logs/registry" >&2
  return 1
}

answers() { is_up && curl -fsS --max-time 30 -o /dev/null "http://$registry/v2/"; }
is_up() { [[ -n ${REGISTRY_URL:-} ]] || is_running registry; }

manifest_types=(
  application/vnd.oci.image.manifest.v1+json application/vnd.oci.image.index.v1+json
  application/vnd.docker.distribution.manifest.v2+json application/vnd.docker.distribution.manifest.list.v2+json
)
accept_all=()
for type in "${manifest_types[@]}"; do accept_all+=(-H "Accept: $type"); done

# What stands before curl, such as the way into a namespace.
way=()

http() { "${way[@]}" curl -sS --max-time 60 "$@"; }

# status_of CURL-ARGUMENTS…: only the number.
status_of() { http -o /dev/null -w '%{http_code}' "$@"; }

# header_of NAME CURL-ARGUMENTS…: the last response's header, without the line's end.
header_of() {
  local name=$1
  shift
  http -o /dev/null -D - "$@" | tr -d '\r' | awk -v name="${name,,}:" 'tolower($1) == name { sub(/^[^:]*: */, ""); value = $0 } END { print value }'
}

# manifest REPOSITORY REFERENCE: its bytes.
manifest() { http -f "${accept_all[@]}" "http://$registry/v2/$1/manifests/$2"; }

# digest_of REPOSITORY REFERENCE: of the bytes that come, after checking that the header says the same.
digest_of() {
  local real said
  real=$(manifest "$1" "$2" | file_digest -)
  said=$(header_of Docker-Content-Digest -I "${accept_all[@]}" "http://$registry/v2/$1/manifests/$2")
  [[ $real == "$said" ]] || fail "$1:$2 has bytes of $real and a header of $said"
  echo "$real"
}

has_blob() { [[ $(status_of -I "http://$registry/v2/$1/blobs/$2") == 200 ]]; }

# put_blob REPOSITORY FILE: POST, then one PUT. Prints the digest.
put_blob() {
  local digest location
  digest=$(file_digest "$2")
  location=$(header_of Location -X POST "http://$registry/v2/$1/blobs/uploads/")
  [[ $location == http* ]] || location=http://$registry$location
  [[ $location == *\?* ]] && location+="&digest=$digest" || location+="?digest=$digest"
  expect_equal 201 "$(status_of -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$2" "$location")" "status of a blob's PUT"
  echo "$digest"
}

# put_manifest REPOSITORY REFERENCE FILE TYPE: the status.
put_manifest() {
  status_of -X PUT -H "Content-Type: $4" --data-binary "@$3" "http://$registry/v2/$1/manifests/$2"
}

# file_digest FILE: `-` is the standard input.
file_digest() { echo "sha256:$(sha256sum "$1" | cut -d' ' -f1)"; }

# descriptor FILE TYPE: the JSON that names it.
descriptor() {
  jq -nc --arg type "$2" --arg digest "$(file_digest "$1")" --argjson size "$(stat -c %s "$1")" \
    '{mediaType: $type, digest: $digest, size: $size}'
}

# layout_digest TAG: what the image made here is called.
layout_digest() {
  jq -r --arg tag "$1" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $tag).digest' \
    "$work/images/oci/app/index.json"
}

# Every blob that the registry's copy of an image names can be had, and hashes to its name.
expect_whole_image() {
  local repository=$1 document child blob
  document=$(manifest "$repository" "$2")
  for child in $(jq -r '.manifests[]?.digest' <<<"$document"); do expect_whole_image "$repository" "$child"; done
  for blob in $(jq -r '(.config, .layers[]?) | select(. != null) | .digest' <<<"$document"); do
    expect_equal "$blob" "$(http -f "http://$registry/v2/$repository/blobs/$blob" | file_digest -)" "the bytes of a blob"
  done
}
