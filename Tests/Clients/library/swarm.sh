# A world of its own for BitTorrent: two network namespaces and a wire, a node on one end with public and private
# images, ordinary clients on the other. Clients that never speak to 127.x do here.
# shellcheck shell=bash

seed_address=10.88.0.1 client_address=10.88.0.2
# The node, as clients in the namespaces name it.
swarm_registry=$seed_address:5000

start_swarm() {
  swarm_missing=''
  if ((EUID != 0)); then swarm_missing='network namespaces need root'; return; fi
  if ! command -v ip >/dev/null; then swarm_missing='iproute2 is not installed'; return; fi
  if ! spawn_namespace seed || ! spawn_namespace clients; then
    swarm_missing='network namespaces cannot be made here'
    return
  fi
  connect_namespaces || { swarm_missing='a veth pair cannot be made here'; return; }
  swarm_data=$work/swarm
  serve_swarm || exit 1
}

need_swarm() { [[ -z ${swarm_missing:-} ]] || skip "$swarm_missing"; }

# A process that does nothing holds each namespace, so that they end with us.
spawn_namespace() {
  spawn "namespace-$1" unshare --net -- sleep infinity
  wait_until 60 has_own_network "$1" && inside "$1" ip link set lo up
}

has_own_network() { [[ $(readlink "/proc/$(namespace "$1")/ns/net") != "$(readlink /proc/self/ns/net)" ]]; }

namespace() { echo "$(<"$work/pids/namespace-$1")"; }

# inside NAMESPACE COMMAND…
inside() {
  local name=$1
  shift
  nsenter --net="/proc/$(namespace "$name")/ns/net" -- "$@"
}

connect_namespaces() {
  ip link add seed-end netns "$(namespace seed)" type veth peer name clients-end netns "$(namespace clients)" \
    && inside seed ip address add "$seed_address/24" dev seed-end \
    && inside clients ip address add "$client_address/24" dev clients-end \
    && inside seed ip link set seed-end up && inside clients ip link set clients-end up
}

# Strangers may have what is below `open/`.
serve_swarm() {
  spawn swarm-node env SHOAL_TORRENT_PUBLIC='open/**' SHOAL_TORRENT_LISTEN="$seed_address:6881" SHOAL_TORRENT_DHT=false \
    nsenter --net="/proc/$(namespace seed)/ns/net" -- \
    "$shoal" serve --data "$swarm_data" --listen "$swarm_registry" --insecure
  wait_until 60 swarm_answers && return
  echo "the node in its namespace does not answer; its log:" >&2
  tail -n 30 "$work/logs/swarm-node" >&2
  return 1
}

swarm_answers() { is_running swarm-node && inside seed curl -fsS --max-time 30 -o /dev/null "http://$swarm_registry/v2/"; }

# ask COMMAND…: a command of shoal to that node.
ask() {
  local name=$1
  shift
  limited "$shoal" "$name" "$@" --data "$swarm_data"
}

# push_image REPOSITORY:TAG MEGABYTES: an image of one layer of random bytes. Sets $layer to its digest.
push_image() {
  local size=$2 folder=pushed-${1//[\/:]/-}
  mkdir -p "$folder"
  head -c "$((size << 20))" /dev/urandom >"$folder/layer"
  # Not a whole number of pieces.
  printf 'the end' >>"$folder/layer"
  layer=$(file_digest "$folder/layer")
  limited /usr/bin/python3 "$here/library/one_layer.py" "$folder/layer" "$folder/layout"
  limited nsenter --net="/proc/$(namespace seed)/ns/net" -- skopeo copy --preserve-digests --dest-tls-verify=false \
    "oci:$folder/layout:1" "docker://$swarm_registry/$1"
}

# magnet_of IMAGE DIGEST OPTION…: the link of one blob of it.
magnet_of() {
  local image=$1 digest=$2
  shift 2
  ask magnet "$swarm_registry/$image" "$@" --json | jq -re --arg digest "$digest" '.[] | select(.digest == $digest).magnet'
}

# torrent_of REPOSITORY DIGEST FILE VERSION: the .torrent as the registry's clients get it.
torrent_of() {
  inside clients curl -fsS --max-time 60 -H "Accept: application/x-bittorrent;v=$4" -o "$3" "http://$swarm_registry/v2/$1/blobs/$2"
}

# wait_for_file SECONDS FILE DIGEST: until its bytes are all there.
wait_for_file() {
  wait_until "$1" has_digest "$2" "$3" || fail "$2 is not $3 after $1 s: $(ls -l "$(dirname "$2")" 2>&1)"
}

has_digest() { [[ -f $1 && $(file_digest "$1") == "$2" ]]; }
